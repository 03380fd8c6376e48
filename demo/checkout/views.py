from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from demosite.guests import guest_name
from demosite.views import DemoView

from .live import PRICE
from .models import Payment


class CheckoutView(DemoView):
    slug = "checkout"

    def post(self, request: HttpRequest) -> HttpResponse:
        """The form's way without JavaScript."""
        Payment.objects.create(payer=guest_name(request.session), amount=PRICE)
        return HttpResponseRedirect(request.get_full_path())
