"""What the page of a company and the record page say of a company's score."""

import pytest
from django.urls import reverse

from content.models import Product
from leads.models import Company, Lead, Territory

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(hot_lead, white_paper, settle, at, time_machine) -> Company:
    """A company with two people who read about a product."""
    time_machine.move_to(at, tick=False)  # points fade by the clock of the page
    white_paper.products.add(Product.objects.create(key="pump", name="Quiet pump"))
    people = [hot_lead(phone=f"+493012345{n}") for n in range(2)]
    settle()
    company = Company.objects.create(name="Acme")
    Lead.objects.filter(pk__in=[row.pk for row in people]).update(company=company)
    return company


def test_the_page_of_a_company_adds_its_people_up(client, marketer, company) -> None:
    client.force_login(marketer)

    page = client.get(reverse("leads:company", args=[company.pk])).content.decode()

    assert "2 of 2 people are engaged" in page
    assert "Quiet pump" in page


def test_people_whom_the_reader_may_not_see_count_as_nobody(client, rep, company) -> None:
    hidden = company.leads.first()
    Lead.objects.filter(pk=hidden.pk).update(territory=Territory.objects.create(key="x", name="X"))
    client.force_login(rep)

    page = client.get(reverse("leads:company", args=[company.pk])).content.decode()

    assert "1 of 1 person is engaged" in page


def test_the_record_page_leads_to_the_score_of_the_company(client, marketer, company) -> None:
    client.force_login(marketer)

    page = client.get(reverse("leads:detail", args=[company.leads.first().pk])).content.decode()

    assert "by 2 of 2 people" in page
