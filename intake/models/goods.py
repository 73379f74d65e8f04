"""The clothes table: what there is, roughly, what came in and what was handed out."""

from django.conf import settings
from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from intake.ids import uuid7
from intake.models.reference import Reference, ReferenceQuerySet, ServiceType
from intake.models.services import ServiceReceived
from shelters.models import Organization, Shelter
from shelters.places import OfferedQuerySet


class StationQuerySet(OfferedQuerySet):
    def visible_to(self, user):
        return self.filter(shelter__in=Shelter.objects.visible_to(user))


class Station(models.Model):
    """A table or a store room with a stock of its own."""

    shelter = models.ForeignKey(Shelter, models.PROTECT, related_name="stations", verbose_name=_("shelter"))
    code = models.SlugField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=80)
    retired_on = models.DateField(_("retired on"), null=True, blank=True)
    history = HistoricalRecords()

    objects = StationQuerySet.as_manager()

    class Meta:
        ordering = ["shelter", "code"]
        verbose_name = _("station")
        verbose_name_plural = _("stations")
        constraints = [
            models.UniqueConstraint(
                fields=["shelter", "code"],
                name="station_code_once_per_shelter",
                violation_error_message=_("This shelter already has a station with this code."),
            )
        ]

    def __str__(self):
        return self.name

    def stock(self) -> dict[tuple[str, str], int]:
        return self.movements.stock()


class GoodsQuerySet(ReferenceQuerySet):
    def on_the_table(self, sensitivities):
        """What is offered, as long as its service is; with the service."""
        open_kinds = ServiceType.objects.offered().filter(sensitivity__in=sensitivities)
        return self.offered().filter(service_type__in=open_kinds).select_related("service_type")


class Goods(Reference):
    """A kind of thing on the table: jackets, socks. What is handed out is recorded as its service."""

    service_type = models.ForeignKey(
        ServiceType, models.PROTECT, related_name="goods", verbose_name=_("service")
    )
    sizes = models.CharField(
        _("sizes"), max_length=200, blank=True, help_text=_("With spaces between them: S M L XL.")
    )
    history = HistoricalRecords()

    objects = GoodsQuerySet.as_manager()

    class Meta(Reference.Meta):
        verbose_name = _("goods")
        verbose_name_plural = _("goods")

    @property
    def size_list(self) -> list[str]:
        return self.sizes.split()


class GoodsMovementQuerySet(models.QuerySet):
    def visible_to(self, user):
        if not user.has_perm("intake.view_goodsmovement"):
            return self.none()
        return self.filter(station__shelter__staff=user)

    def standing(self):
        """Without what was handed out and taken back: its service was cancelled, at the desk or in the admin."""
        return self.filter(service__cancelled_at__isnull=True)

    def stock(self) -> dict[tuple[str, str], int]:
        """(code of the goods, size) to roughly how many are left; below zero when they were never counted."""
        sums = self.standing().order_by().values_list("goods_id", "size").annotate(left=Sum("change"))
        return {(goods, size): left for goods, size, left in sums}


class GoodsMovement(models.Model):
    """So many more or fewer of something at a station. The stock is the sum of these rows, and never exact."""

    class Kind(models.TextChoices):
        DONATION = "donation", _("Came in")
        HANDED_OUT = "handed_out", _("Handed out")
        COUNT = "count", _("Counted anew")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    station = models.ForeignKey(Station, models.PROTECT, related_name="movements", verbose_name=_("station"))
    goods = models.ForeignKey(Goods, models.PROTECT, related_name="movements", verbose_name=_("goods"))
    size = models.CharField(_("size"), max_length=20, blank=True)
    kind = models.CharField(_("what happened"), max_length=10, choices=Kind)
    change = models.IntegerField(_("how many more"))
    moved_at = models.DateTimeField(_("at"))
    moved_on = models.DateField(_("day"), help_text=_("The shelter's local day."))
    service = models.ForeignKey(
        ServiceReceived,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="movements",
        verbose_name=_("service received"),
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("given by")
    )
    form = models.UUIDField(null=True, editable=False, help_text="The key of the form that made it.")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    objects = GoodsMovementQuerySet.as_manager()

    class Meta:
        ordering = ["-moved_at"]
        verbose_name = _("movement of goods")
        verbose_name_plural = _("movements of goods")
        default_permissions = ["view", "add"]
        indexes = [models.Index(fields=["station", "goods", "size"], name="goods_movement_stock")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="donation", change__gt=0)
                | Q(kind="handed_out", change__lt=0)
                | (Q(kind="count") & ~Q(change=0)),
                name="goods_movement_has_its_sign",
            ),
        ]

    def __str__(self):
        return f"{self.goods} {self.size} {self.change:+}"
