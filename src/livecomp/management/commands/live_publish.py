"""``manage.py live_publish TOPIC [JSON]``: tell every open page that subscribes to a topic."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from livecomp import topics


class Command(BaseCommand):
    help = "Publish a message to a topic: live_publish poll:3 '{\"votes\": 12}'"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("topic", help="the topic's name")
        parser.add_argument("message", nargs="?", default="null", help="the message as JSON (default: null)")

    def handle(self, *args: Any, topic: str, message: str, **options: Any) -> None:
        if topics.shared_layer() is None and not topics.listeners:
            raise CommandError(
                "No channel layer connects this process with the server's, so nobody would hear it. "
                "Set CHANNEL_LAYERS to channels_redis.pubsub.RedisPubSubChannelLayer."
            )
        topics.publish_now(topic, _parsed(message))
        if not topics.flush():
            raise CommandError("The channel layer did not take the message in time. Is its server running?")


def _parsed(message: str) -> Any:
    try:
        return json.loads(message)
    except json.JSONDecodeError as error:
        raise CommandError(
            f"The message is not JSON ({error}): {message!r}. Quote it for the shell, e.g. '\"hello\"' or '{{\"votes\": 12}}'."
        ) from None
