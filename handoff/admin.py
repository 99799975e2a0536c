"""Settings of the hand-off that admins edit."""

from django.contrib import admin

from handoff.models import HandoffPolicy


@admin.register(HandoffPolicy)
class HandoffPolicyAdmin(admin.ModelAdmin):
    """When silence ends an offer, per hand-off."""

    list_display = ["handoff", "expire_after_minutes"]
