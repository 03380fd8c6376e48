from django.db import models

POINTS = 40  # of the sparkline


class Stock(models.Model):
    symbol = models.SlugField(max_length=8, primary_key=True)
    company = models.CharField(max_length=40)
    price = models.DecimalField(max_digits=9, decimal_places=2)
    history = models.JSONField(default=list)  # the last prices, in cents, oldest first

    class Meta:
        ordering = ["symbol"]

    def __str__(self) -> str:
        return self.symbol

    @property
    def change(self) -> float:
        """Per cent since the oldest price that is known."""
        return 100 * (self.history[-1] - self.history[0]) / self.history[0]

    @property
    def direction(self) -> str:
        """Of the last change."""
        before, now = self.history[-2:]
        return "up" if now > before else "down" if now < before else ""

    @property
    def points(self) -> str:
        """The sparkline, for a viewBox of 0 0 100 24."""
        low, high = min(self.history), max(self.history)
        step, scale = 100 / (len(self.history) - 1), 20 / (high - low or 1)
        return " ".join(f"{i * step:.1f},{22 - (price - low) * scale:.1f}" for i, price in enumerate(self.history))
