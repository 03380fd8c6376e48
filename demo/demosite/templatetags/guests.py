from django import template

from demosite import guests

register = template.Library()
register.filter("hue", guests.hue)
register.filter("initials", guests.initials)
