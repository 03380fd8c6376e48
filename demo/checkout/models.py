from django.db import models


class Payment(models.Model):
    payer = models.CharField(max_length=50, db_index=True)
    amount = models.DecimalField(max_digits=8, decimal_places=2)
    made = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-made", "-id"]

    def __str__(self) -> str:
        return f"{self.amount} by {self.payer}"
