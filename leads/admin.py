"""Django's admin pages of the leads app: settings rows. A lead's stage moves by verbs alone."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from leadflow.core.models import Team, User
from leads import services as leads
from leads.engine.identity import clean
from leads.models import (
    FormSubmission,
    Handoff,
    Lead,
    Stage,
    Territory,
)
from leads.queries import find_leads


@admin.register(User)
class PersonAdmin(UserAdmin):
    """People who sign in, by e-mail address."""

    list_display = ("name", "email", "role", "team", "is_active")
    list_filter = ("role", "team", "is_active")
    search_fields = ("name", "email")
    ordering = ("name",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "role", "team", "title", "phone")}),
        ("Access", {"fields": ("time_zone", "is_active", "is_staff", "is_superuser")}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "name", "role", "team", "password1", "password2")}),
    )

    def save_model(
        self, request: HttpRequest, obj: User, form: "ModelForm[User]", change: bool
    ) -> None:
        """Save, and tell whose leads belong to another team now."""
        super().save_model(request, obj, form, change)
        if change and "team" in form.changed_data:
            leads.note_team_change(user_id=obj.pk, at=timezone.now())


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    """Teams."""

    list_display = ("name", "key", "side")


@admin.register(Territory)
class TerritoryAdmin(admin.ModelAdmin):
    """Territories and who works in them."""

    list_display = ("name", "key")
    filter_horizontal = ("members",)


class LookAtAdmin(admin.ModelAdmin):
    """Rows that are looked at here and changed elsewhere."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


@admin.register(Stage)
class StageAdmin(LookAtAdmin):
    """Stages; the pipeline designer changes them, as versions."""

    list_display = ("name", "abbreviation", "key", "kind", "position")


@admin.register(Handoff)
class HandoffAdmin(LookAtAdmin):
    """Hand-offs; the pipeline designer changes them, as versions."""

    list_display = ("name", "offered", "accepted", "target", "is_active")


@admin.register(Lead)
class LeadAdmin(LookAtAdmin):
    """Leads to look at; they are worked on in their own pages."""

    list_display = ("name", "email", "stage", "score", "owner")
    list_select_related = ("owner",)
    search_fields = ("tokens",)
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Lead], search_term: str
    ) -> tuple[QuerySet[Lead], bool]:
        """Found as in the list of leads."""
        assert isinstance(request.user, User)
        found = find_leads(user=request.user, q=clean(search_term, most=200))
        return queryset.filter(pk__in=found.order_by().values("pk")), False


@admin.register(FormSubmission)
class FormSubmissionAdmin(LookAtAdmin):
    """What came in, exactly as it came."""

    list_display = ("form", "received_at", "state", "error")
    list_filter = ("state", "form")
    raw_id_fields = ("lead",)
