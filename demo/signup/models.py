from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models


class Account(models.Model):
    username = models.CharField(
        max_length=30,
        unique=True,
        validators=[
            MinLengthValidator(3),
            RegexValidator(r"^[a-z0-9_-]*$", "Use small letters, digits, - and _ only."),
        ],
        help_text="At least three characters.",
    )
    email = models.EmailField(unique=True, help_text="Nothing is ever sent there.")

    def __str__(self) -> str:
        return self.username
