"""What is asked about a file of people: the file, and what its columns mean."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from leads.importing import FACTS, KEYS, guess_meanings

MOST_BYTES = 100_000_000
LABELS = {
    "email": "E-mail",
    "phone": "Phone",
    "external_id": "External id",
    "first_name": "First name",
    "last_name": "Last name",
    "job_title": "Job title",
    "company": "Company",
    "country": "Country (two letters)",
    "language": "Language",
    "persona": "Persona",
    "source": "Source",
}
ATTRIBUTE = "attribute"
MEANINGS = [
    ("", "Leave out"),
    *((fact, LABELS[fact]) for fact in sorted(FACTS, key=list(LABELS).index)),
    (ATTRIBUTE, "Further fact, under the column’s name"),
]


class ImportFileForm(forms.Form):
    """A file of people."""

    file = forms.FileField(
        label="File",
        help_text="CSV or a spreadsheet (XLSX, XLS, ODS). The first line names the columns.",
        widget=forms.ClearableFileInput({"accept": ".csv,.txt,.xlsx,.xls,.xlsm,.xlsb,.ods"}),
        error_messages={"required": "Choose a file.", "empty": "This file is empty."},
    )

    def clean_file(self) -> Any:
        """Not larger than can be kept for a while."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError("A file may have 100 MB. Send it in parts.")
        return file


class ImportColumnsForm(forms.Form):
    """What each column means, and by what people are known."""

    match = forms.ChoiceField(
        label="People are known by",
        choices=[(key, LABELS[key]) for key in KEYS],
        help_text="Rows with what somebody has already add to that lead; the others are new leads.",
    )
    only_existing = forms.BooleanField(
        required=False, label="Add to known leads only: leave strangers out"
    )

    def __init__(
        self, data: Any = None, *, header: Sequence[str], mapping: Mapping[str, Any]
    ) -> None:
        super().__init__(data, label_suffix="")
        self.header = list(header)
        meanings = mapping.get("columns") or guess_meanings(header)
        for place, column in enumerate(self.header):
            said = str(meanings.get(column, ""))
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=column or "(no name)",
                choices=MEANINGS,
                required=False,
                initial=ATTRIBUTE if said.startswith("attributes.") else said,
            )
        known = set(meanings.values())
        first = next((key for key in KEYS if key in known), KEYS[0])
        self.fields["match"].initial = mapping.get("match", first)
        self.fields["only_existing"].initial = mapping.get("only_existing", False)

    def columns(self) -> list[forms.BoundField]:
        """The fields of the columns, in the order of the file."""
        return [self[f"column_{place}"] for place in range(len(self.header))]

    def clean(self) -> dict[str, Any]:
        """Each fact from one column; the one that people are known by must be there."""
        values = super().clean() or {}
        seen: dict[str, str] = {}
        for place, column in enumerate(self.header):
            meaning = values.get(f"column_{place}", "")
            if meaning and meaning != ATTRIBUTE and seen.setdefault(meaning, column) != column:
                words = f"“{seen[meaning]}” is {LABELS[meaning]} already."
                self.add_error(f"column_{place}", words)
        match = values.get("match", "")
        if match and match not in seen:
            self.add_error("match", f"Say which column holds the {LABELS[match].lower()}.")
        return values

    def mapping(self) -> dict[str, Any]:
        """What was said, as a mapping is written down."""
        said = self.cleaned_data
        columns = {
            column: f"attributes.{column}" if meaning == ATTRIBUTE else meaning
            for place, column in enumerate(self.header)
            if (meaning := said[f"column_{place}"])
        }
        return {
            "match": said["match"],
            "columns": columns,
            "only_existing": said["only_existing"],
        }
