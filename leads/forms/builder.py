"""What marketing fills in to build a public form."""

from typing import Any

from django import forms

from content.models import Asset, Product
from content.queries import INTERNAL
from leads.engine.questions import Question, read_options
from leads.models import Campaign, Form

RELATED = ("product", "campaign", "asset")
WORDS = forms.Textarea(attrs={"rows": 3})


class NewForm(forms.Form):
    """A form that begins: a name is enough."""

    name = forms.CharField(max_length=120, help_text="People read it above the form.", label="Name")
    slug = forms.SlugField(
        max_length=60,
        required=False,
        label="Address",
        help_text="Small letters, digits and hyphens. Left empty, it is made of the name.",
    )
    intro = forms.CharField(
        max_length=2_000,
        required=False,
        widget=WORDS,
        label="A sentence or two above the questions",
    )


class SettingsForm(forms.ModelForm):
    """Everything about a form but its questions."""

    class Meta:
        model = Form
        fields = (
            "name",
            "slug",
            "intro",
            "submit_label",
            "most_questions",
            "consent_text",
            "consent_required",
            "is_double_opt_in",
            "thanks",
            "redirect_url",
            "asset",
            "product",
            "campaign",
        )
        widgets = {"intro": WORDS, "thanks": WORDS, "consent_text": WORDS}
        labels = {
            "slug": "Address",
            "intro": "A sentence or two above the questions",
            "submit_label": "Words on the button",
            "most_questions": "Questions at a time",
            "consent_text": "Wording of the consent",
            "consent_required": "Without it the form cannot be sent",
            "is_double_opt_in": "It counts only once it is confirmed by e-mail (double opt-in)",
            "thanks": "What people read afterwards",
            "redirect_url": "Or send them to another page",
            "asset": "Content they get for it",
            "product": "Product they are interested in",
            "campaign": "Campaign it belongs to",
        }
        help_texts = {
            "slug": "Links to the old address stop working when you change it.",
            "submit_label": "Left empty: “Send”, or what they get for it.",
            "most_questions": "Left empty, everybody is asked everything. With a number, people who agreed to be "
            "remembered are asked the next questions instead of those we know.",
            "consent_text": "Each change is a new version; what somebody agreed to is kept with the words they "
            "saw.",
            "campaign": "If it is an event, whoever sends the form is on its guest list.",
        }

    redirect_url = forms.URLField(max_length=500, required=False, assume_scheme="https")
    most_questions = forms.IntegerField(min_value=1, max_value=50, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for name in ("redirect_url", "most_questions"):
            self.fields[name].label = self.Meta.labels[name]
            self.fields[name].help_text = self.Meta.help_texts.get(name, "")
        self.fields["asset"].queryset = Asset.objects.exclude(kind__in=INTERNAL)  # type: ignore[attr-defined]
        self.fields["product"].queryset = Product.objects.filter(is_active=True)  # type: ignore[attr-defined]
        self.fields["campaign"].queryset = Campaign.objects.filter(is_archived=False)  # type: ignore[attr-defined]
        for name in RELATED:
            self.fields[name].empty_label = "None"  # type: ignore[attr-defined]

    def clean_redirect_url(self) -> str:
        """Only pages."""
        url = str(self.cleaned_data["redirect_url"] or "")
        if url and not url.startswith(("http://", "https://")):
            raise forms.ValidationError("Write the address of a page: https://…")
        return url

    def settings(self) -> dict[str, Any]:
        """The values as services take them."""
        values = {name: self.cleaned_data[name] for name in self.fields if name not in RELATED}
        for name in RELATED:
            row = self.cleaned_data[name]
            values[f"{name}_id"] = row.pk if row else None
        return values


class HostsForm(forms.Form):
    """The sites that may hold a form."""

    allowed_hosts = forms.CharField(
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
        label="Websites that may show or send this form",
        help_text="One host name a line, like www.example.com.",
    )

    def hosts(self) -> list[str]:
        """The lines."""
        text = str(self.cleaned_data["allowed_hosts"]).replace(",", "\n")
        return [line.strip() for line in text.splitlines() if line.strip()]


class QuestionForm(forms.Form):
    """One question; only what its kind needs is asked for."""

    label = forms.CharField(
        max_length=200, label="Question", error_messages={"required": "Write the question."}
    )
    help = forms.CharField(
        max_length=300, required=False, label="A hint below it", help_text="May stay empty."
    )
    options = forms.CharField(
        max_length=10_000,
        required=False,
        label="Answers to choose from",
        help_text="One a line.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    value = forms.CharField(max_length=300, required=False, label="Fixed value")
    param = forms.RegexField(
        r"^[A-Za-z0-9_.-]+$",
        max_length=60,
        required=False,
        label="Or taken from the link",
        help_text="The name of a parameter: with “partner”, …/?partner=acme says acme.",
        error_messages={"invalid": "A parameter has only letters, digits, “_”, “-” and “.”."},
    )
    is_required = forms.BooleanField(required=False, label="It has to be answered")
    name = forms.CharField(
        max_length=40,
        required=False,
        label="Kept under",
        help_text="The key of the answer on the lead. Left empty, it is made of the question.",
        widget=forms.TextInput(attrs={"class": "mono", "autocapitalize": "none"}),
    )

    def __init__(self, data: Any = None, *, kind: str, question: Question | None = None) -> None:
        super().__init__(data, label_suffix="", initial=_initial(question))
        self.kind, self.question = kind, question
        for name in _unneeded(kind, question):
            del self.fields[name]
        if kind == "hidden":
            self.fields["label"].label = "What it is, for your colleagues"

    def answer(self) -> Question:
        """The question that was filled in."""
        said = self.cleaned_data
        name = self.question.name if self.question else str(said.get("name", "")).strip()
        return Question(
            name=name,
            label=said["label"].strip(),
            kind=self.kind,
            is_required=bool(said.get("is_required")),
            help=str(said.get("help", "")).strip(),
            options=read_options(str(said.get("options", ""))),
            value=str(said.get("value", "")).strip(),
            param=str(said.get("param", "")).strip(),
        )


def _initial(question: Question | None) -> dict[str, Any]:
    if question is None:
        return {}
    said = {name: getattr(question, name) for name in ("label", "help", "value", "param", "name")}
    return {
        **said,
        "is_required": question.is_required,
        "options": "\n".join(question.options),
    }


def _unneeded(kind: str, question: Question | None) -> set[str]:
    """Fields that mean nothing for this kind; a key is chosen once."""
    unneeded = {"name"} if question else set()
    if kind not in {"choice", "choices"}:
        unneeded.add("options")
    return unneeded | ({"is_required", "help"} if kind == "hidden" else {"value", "param"})
