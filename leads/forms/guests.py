"""What is asked about guests: at the door, by hand, and of a file."""

from collections.abc import Sequence
from typing import Any

from django import forms

from content.models import Product
from leadflow.core.errors import Invalid
from leads.engine.identity import clean, normalize_email, normalize_phone
from leads.importing.guests import TARGETS
from leads.models import Guest
from leads.services import WalkIn

MOST_BYTES = 10_000_000
CONSENT = "You may send me useful notes by e-mail. I can stop them with one click at any time."


class GuestForm(forms.Form):
    """Somebody to be put on a guest list: a name, and what they can be known by."""

    first_name = forms.CharField(max_length=120, required=False)
    last_name = forms.CharField(max_length=120, required=False)
    email = forms.CharField(
        max_length=254,
        required=False,
        label="E-mail",
        widget=forms.EmailInput({"autocomplete": "off"}),
    )
    phone = forms.CharField(
        max_length=60,
        required=False,
        help_text="With country code: +49 …",
        widget=forms.TextInput({"type": "tel", "autocomplete": "off"}),
    )
    company = forms.CharField(max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def clean(self) -> dict[str, Any]:
        """Addresses and numbers in the form they are compared in; one of them there must be."""
        values = super().clean() or {}
        for name, normalize in (("email", normalize_email), ("phone", normalize_phone)):
            try:
                values[name] = normalize(values.get(name) or "")
            except Invalid as error:
                self.add_error(name, str(error))
        if not self.errors and not (values["email"] or values["phone"]):
            self.add_error("email", "Ask for an e-mail address or a phone number.")
        return values

    def person(self) -> WalkIn:
        """Who was written down."""
        return WalkIn(facts=self._facts(), company=self._line("company", 200))

    def written_name(self) -> str:
        """The name as it was typed."""
        names = (self._line("first_name", 120), self._line("last_name", 120))
        return " ".join(filter(None, names)) or "Guest"

    def _facts(self) -> dict[str, str]:
        named = {name: self._line(name, 120) for name in ("first_name", "last_name")}
        return named | {name: self.cleaned_data[name] for name in ("email", "phone")}

    def _line(self, name: str, most: int) -> str:
        return clean(self.cleaned_data.get(name, ""), most=most)


class WalkInForm(GuestForm):
    """Somebody at the stand: who they are, what they want, and whether they may be written to."""

    product = forms.ChoiceField(required=False, label="Interested in")
    note = forms.CharField(
        max_length=2_000, required=False, widget=forms.Textarea({"rows": 2}), label="Note"
    )
    consent = forms.BooleanField(required=False, label=CONSENT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        products: Any = self.fields["product"]
        rows = Product.objects.filter(is_active=True).values_list("pk", "name")
        products.choices = [("", "Nothing in particular"), *rows]

    def person(self) -> WalkIn:
        """Who was written down, with what they want and agreed to."""
        values = self.cleaned_data
        return WalkIn(
            facts=self._facts(),
            company=self._line("company", 200),
            note=values["note"].strip(),
            product_ids=[int(values["product"])] if values["product"] else [],
            wording=CONSENT if values["consent"] else "",
        )


class GuestFileForm(forms.Form):
    """A file with a guest list."""

    file = forms.FileField(
        label="File",
        help_text="CSV or a spreadsheet (XLSX, XLS, ODS). The first line names the columns.",
        widget=forms.ClearableFileInput({"accept": ".csv,.txt,.xlsx,.xls,.xlsm,.xlsb,.ods"}),
        error_messages={"required": "Choose a file.", "empty": "This file is empty."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def clean_file(self) -> Any:
        """Not larger than can be read at once."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError("A guest list may have 10 MB. Send it in parts.")
        return file


class GuestColumnsForm(forms.Form):
    """Which column of a file says what, and what everybody is whose row says nothing."""

    default = forms.ChoiceField(
        choices=Guest.State.choices,
        label="Everybody is",
        help_text="Where the file does not say more.",
        initial=Guest.State.REGISTERED.value,
    )

    def __init__(self, *args: Any, header: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        columns = [
            ("", "Not in the file"),
            *((name, name or "(no name)") for name in header if name),
        ]
        for target, words, _ in TARGETS:
            self.fields[target] = forms.ChoiceField(label=words, choices=columns, required=False)

    def columns(self) -> dict[str, str]:
        """The column of each target."""
        return {target: self.cleaned_data[target] for target, _, _ in TARGETS}
