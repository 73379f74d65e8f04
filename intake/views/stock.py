"""What lies on a table, roughly: thing by size, what came in, what was counted anew."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from intake import actions
from intake.access import require, sensitivities, station_or_404
from intake.forms.goods import CameInForm, CountForm
from intake.models import Goods
from intake.views.clothes import chosen_of, stations_of
from shelters.access import current_shelter
from shelters.forms import mistakes

LOW = 5


def home(request):
    """To the stock of the table of this shift."""
    require(request.user, "intake.view_goodsmovement")
    if not request.shift:
        return redirect("shift")
    stations = stations_of(current_shelter(request))
    if station := chosen_of(request, stations):
        return redirect("intake:station-stock", station.pk)
    context = {"stations": stations, "for_stock": True, "onward": ""}
    return render(request, "intake/stations.html", context)


def station_stock(request, pk):
    station = station_or_404(request.user, pk)
    stock = station.stock()
    context = {
        "station": station,
        "stations": [each for each in stations_of(station.shelter) if each != station],
        "rows": rows_of(stock, offered(request.user)),
    }
    return render(request, "intake/stock.html", context)


def offered(user) -> list[Goods]:
    return list(Goods.objects.on_the_table(sensitivities(user)))


def rows_of(stock, goods) -> list[dict]:
    """Each thing with its sizes and how many are left; what is offered no longer, as long as there is any."""
    known = {each.pk for each in goods}
    others = {code for (code, _size), left in stock.items() if left and code not in known}
    gone = list(Goods.objects.filter(pk__in=others)) if others else []
    return [
        {
            "goods": each,
            "is_retired": each in gone,
            "cells": [cell(size, stock.get((each.pk, size))) for size in sizes_of(each, stock)],
        }
        for each in [*goods, *gone]
    ]


def sizes_of(goods, stock) -> list[str]:
    """The sizes it comes in; then others there are some of, also without a size."""
    usual = goods.size_list or [""]
    return [*usual, *sorted(size for code, size in stock if code == goods.pk and size not in usual)]


def cell(size, left) -> dict:
    return {
        "size": size,
        "left": left,
        "is_low": left is not None and 0 <= left <= LOW,
        "is_wrong": left is not None and left < 0,
    }


def came_in(request, pk):
    """A donation."""
    require(request.user, "intake.add_goodsmovement")
    station = station_or_404(request.user, pk)
    form = CameInForm(request.POST if request.method == "POST" else None, goods=offered(request.user))
    if request.method == "POST" and form.is_valid():
        given = {"lines": form.lines(), "organization": form.cleaned_data["organization"]}
        if saved(form, request.user, actions.take_in, station=station, **given):
            messages.success(request, _("Written down: the stock has grown."))
            return redirect("intake:station-stock", pk)
    context = {"form": form, "station": station}
    return page(request, "intake/came_in.html", context, form, *form.filled)


def count(request, pk, code):
    """How many there are of one thing, size by size."""
    require(request.user, "intake.add_goodsmovement")
    station = station_or_404(request.user, pk)
    goods = get_object_or_404(Goods, pk=code)
    stock = station.stock()
    sizes = sizes_of(goods, stock)
    if goods.size_list and "" not in sizes:
        sizes.append("")
    form = CountForm(request.POST if request.method == "POST" else None, goods=goods, sizes=sizes)
    if (
        request.method == "POST"
        and form.is_valid()
        and saved(form, request.user, actions.count_anew, station=station, counted=form.counted())
    ):
        messages.success(request, _("Counted anew."))
        return redirect("intake:station-stock", pk)
    context = {
        "form": form,
        "station": station,
        "goods": goods,
        "fields": [(form[name], stock.get((goods.pk, size))) for name, size in form.sizes.items()],
    }
    return page(request, "intake/count.html", context, form)


def saved(form, user, action, **what) -> bool:
    """True when it is stored, by this request or by an earlier copy of the same form."""
    try:
        action(submission=form.submission(user), by=user, **what)
    except actions.AlreadySaved as before:
        if not before.is_same:
            form.ask_again()
        return before.is_same
    return True


def page(request, template, context, *forms):
    form = forms[0]
    found = mistakes(*forms) if form.is_bound else []
    return render(request, template, {**context, "mistakes": found}, status=422 if found else 200)
