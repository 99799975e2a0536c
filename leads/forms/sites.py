"""What is asked about a website that is tracked."""

from typing import Any

from django import forms

from leads.models import Site


class SiteForm(forms.Form):
    """A site: its name, its hosts, and when its visitors may be remembered."""

    name = forms.CharField(max_length=120, error_messages={"required": "Give the site a name."})
    hosts = forms.CharField(
        max_length=20_000,
        label="Host names",
        help_text="One a line, like www.example.com; *.example.com covers all names below it.",
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
        error_messages={"required": "Say which host names belong to the site."},
    )
    mode = forms.ChoiceField(
        label="Remembering visitors",
        choices=Site.Mode.choices,
        initial=Site.Mode.ASK,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    @staticmethod
    def values_of(site: Site) -> dict[str, Any]:
        """What the form shows of a site at first."""
        return {"name": site.name, "hosts": "\n".join(site.hosts), "mode": site.mode}

    def settings(self) -> dict[str, Any]:
        """What was filled in, as the service takes it."""
        said = self.cleaned_data
        lines = str(said["hosts"]).replace(",", "\n").splitlines()
        return {"name": said["name"], "hosts": lines, "mode": said["mode"]}
