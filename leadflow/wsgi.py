"""The WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from leadflow.runtime import gate

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadflow.settings")

application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018  (loads every page while the database is brought up to date)
gate.wait()
