"""Addresses of the hand-off: the queue, tasks, the work on one lead, and what sales says."""

from django.urls import path

from handoff import views

app_name = "handoff"
urlpatterns = [
    path("", views.queue, name="queue"),
    path("offers/<int:offer_id>/accept/", views.accept, name="accept"),
    path("offers/<int:offer_id>/reject/", views.reject, name="reject"),
    path("offers/<int:offer_id>/take/", views.take, name="take"),
    path("notices/read/", views.read_notices, name="read_notices"),
    path("leads/<int:lead_id>/call/", views.call, name="call"),
    path("leads/<int:lead_id>/feedback/", views.give_feedback, name="give_feedback"),
    path("leads/<int:lead_id>/take-back/", views.take_back, name="take_back"),
    path("leads/<int:lead_id>/<slug:verb>/", views.act, name="act"),
    path("tasks/", views.tasks, name="tasks"),
    path("tasks/<int:task_id>/done/", views.finish_task, name="finish_task"),
    path("feedback/", views.feedback, name="feedback"),
]
