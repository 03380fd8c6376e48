"""Celery for the demo: tasks that run in a process of their own, `manage.py work`."""

from celery import Celery

app = Celery("demosite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
