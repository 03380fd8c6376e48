from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from .models import Notification, notify


@admin.register(Notification)
class NotificationAdmin(admin.ModelAdmin):
    list_display = ["text", "source", "read", "created"]
    actions = ["send_again"]

    @admin.action(description="Send again")
    def send_again(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        for notification in queryset:
            notify(notification.text, "admin")
