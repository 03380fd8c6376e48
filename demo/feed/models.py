from django.db import models


class Post(models.Model):
    author = models.CharField(max_length=60)
    text = models.CharField(max_length=500)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:40]}"
