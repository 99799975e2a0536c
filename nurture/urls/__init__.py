"""Addresses of the program pages."""

from django.urls import path, re_path

from nurture.views import outgoing, programs

app_name = "nurture"
urlpatterns = [
    path("", programs.programs, name="programs"),
    path("outbox/", outgoing.outbox, name="outbox"),
    path("letters/<int:batch_id>.pdf", outgoing.letter_batch, name="letter_batch"),
    path("<int:program_id>/", programs.program, name="program"),
    path("<int:program_id>/switch/", programs.switch, name="switch"),
    path("<int:program_id>/slots/", programs.fill_slot, name="fill_slot"),
    path("<int:program_id>/steps/<int:step_id>/move/", programs.move_step, name="move_step"),
    re_path(
        r"^enrollments/(?P<enrollment_id>\d+)/(?P<verb>pause|resume|stop)/$",
        programs.steer,
        name="steer",
    ),
]
