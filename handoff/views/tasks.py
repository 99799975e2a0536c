"""Tasks."""

from django.http import HttpRequest, HttpResponse


def tasks(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


def finish_task(request: HttpRequest, task_id: int) -> HttpResponse:
    return HttpResponse("")
