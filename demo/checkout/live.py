import time
from decimal import Decimal

from django.db.models import QuerySet

from demosite.guests import guest_name
from livecomp import LiveComponent, event

from .models import Payment

PRICE = Decimal("12.50")
BANK = 0.4  # seconds that the bank takes: time to cut the line or to kill the server


class Checkout(LiveComponent):
    template_name = "checkout/checkout.html"
    watch = [Payment]  # another tab shows the payment, too

    price: Decimal = PRICE

    @property
    def payer(self) -> str:
        return guest_name(self.session)

    @property
    def payments(self) -> QuerySet[Payment]:
        return Payment.objects.filter(payer=self.payer)[:20]

    @event(once=True)  # whatever breaks in the middle: no payment, or one
    def pay(self, amount: Decimal) -> None:
        time.sleep(BANK)
        Payment.objects.create(payer=self.payer, amount=amount)
        self.flash("success", f"Paid {amount} €.")
