from typing import Any

from django import forms

from .models import Account


class SignupForm(forms.ModelForm):
    class Meta:
        model = Account
        fields = ["username", "email"]
        widgets = {
            "username": forms.TextInput({"class": "input", "autocomplete": "off", "spellcheck": "false"}),
            "email": forms.EmailInput({"class": "input", "autocomplete": "off"}),
        }

    def __init__(self, *args: Any, only: frozenset[str] | None = None, **kwargs: Any) -> None:
        """`only`: names of the fields to complain about, those that the visitor has come to. None: all."""
        super().__init__(*args, use_required_attribute=False, **kwargs)
        self.only = only

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and self.only is not None:
            for name in self.fields.keys() - self.only:
                self._errors.pop(name, None)
