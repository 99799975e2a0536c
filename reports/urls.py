"""Addresses of the reports."""

from django.urls import path

from reports.views import funnel, handoffs, leaks, velocity

app_name = "reports"
urlpatterns = [
    path("funnel/", funnel.funnel, name="funnel"),
    path("leaks/", leaks.leaks, name="leaks"),
    path("handoffs/", handoffs.handoffs, name="handoffs"),
    path("velocity/", velocity.velocity, name="velocity"),
]
