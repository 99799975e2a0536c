"""Sites: the websites that are tracked."""

from collections.abc import Sequence

from django.db import transaction

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads import policies
from leads.engine.arrivals import host_of
from leads.engine.identity import clean
from leads.models import Site
from leads.models.tracking import make_site_key
from leads.queries.sites import forget_sites

MOST_HOSTS = 100


@transaction.atomic
def save_site(
    *, name: str, hosts: Sequence[str], mode: str, by: User, site_id: int | None = None
) -> Site:
    """Add a site, or change the one given; raises Invalid naming a host that is none."""
    policies.check_may_manage_sites(by=by)
    site = Site(key=make_site_key())
    if site_id is not None:
        site = Site.objects.select_for_update().get(pk=site_id)
    site.name, site.hosts, site.mode = clean(name, most=120), read_hosts(hosts), mode
    if not site.name:
        raise Invalid("Give the site a name.", field="name")
    if mode not in Site.Mode.values:
        raise Invalid("Choose how visitors are asked.", field="mode")
    site.save()
    transaction.on_commit(forget_sites)
    return site


@transaction.atomic
def switch_site(*, site_id: int, is_active: bool, by: User) -> None:
    """Take reports of a site, or refuse them; what it has reported stays."""
    policies.check_may_manage_sites(by=by)
    Site.objects.filter(pk=site_id).update(is_active=is_active)
    transaction.on_commit(forget_sites)


def read_hosts(texts: Sequence[str]) -> list[str]:
    """Host names in the form they are compared in, each once; raises Invalid."""
    hosts = []
    for text in filter(str.strip, texts):
        host = host_of(text.strip())
        name = host.removeprefix("*.")
        if not name or not all(char.isalnum() or char in "-.:[]" for char in name):
            raise Invalid(
                f"“{text.strip()[:80]}” is no host name; write it like www.example.com.",
                field="hosts",
            )
        hosts.append(host)
    if not hosts:
        raise Invalid("Say which host names belong to the site.", field="hosts")
    if len(hosts) > MOST_HOSTS:
        raise Invalid(f"A site may have {MOST_HOSTS} host names.", field="hosts")
    return list(dict.fromkeys(hosts))
