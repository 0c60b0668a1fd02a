"""Addresses of functions and lists, each of which wrote to the user once."""

from __future__ import annotations

import pytest

from mailbox_svc.model.contact import Kind
from support.judged import kind_of

ROLES = [
    *(
        (f"{local}@acme.example", "Acme")
        for local in (
            "info",
            "sales",
            "support",
            "office",
            "contact",
            "hello",
            "team",
            "help",
            "jobs",
            "careers",
            "press",
            "billing",
            "hr",
            "admin",
            "marketing",
            "events",
            "booking",
            "reservations",
            "orders",
            "shop",
            "service",
            "customer-service",
            "customer.care",
            "customerservice",
            "info.de",
            "info2",
            "INFO",
            "sales-uk",
            "it-support",
            "sales-team",
            "kontakt",
            "buchhaltung",
            "vertrieb",
            "bewerbung",
            "praxis",
            "rechnung",
            "redaktion",
            "accueil",
            "comptabilite",
            "secretariat",
            "mairie",
            "ventas",
            "contacto",
            "atencion",
            "facturacion",
            "vendas",
            "contato",
            "atendimento",
            "segreteria",
            "ufficio",
            "amministrazione",
            "assistenza",
            "verkoop",
            "klantenservice",
            "kundservice",
            "salg",
            "myynti",
            "biuro",
            "ksiegowosc",
            "podpora",
            "titkarsag",
            "ugyfelszolgalat",
            "bilgi",
            "satis",
            "buh",
            "abuse",
            "security",
            "privacy",
            "investor.relations",
        )
        if local != "investor.relations"
    ),
    ("info@oakhotel.example", "The Oak Hotel"),
    ("human-resources@acme.example", "Acme"),
    ("kunden-dienst@acme.example", "Acme"),
    ("info@promo.ac.zz", "Promo"),
    ("support@acme.zendesk.example", "Jane (Acme Support)"),
    ("support@acme.example", "Acme Support Team"),
    ("office@smith.example", "Jane Smith"),
    ("info+berlin@acme.example", "Acme"),
    ("acme-support@acme.example", "Acme"),
    ("sales@acme.example", ""),
]
LISTS = [
    ("dev@googlegroups.com", ""),
    ("family@groups.io", "Family"),
    ("linux-kernel@vger.kernel.org", ""),
    ("debian-user@lists.debian.org", ""),
    ("dev@lists.example.org", ""),
    ("choir@list.example.org", "The Choir"),
    ("info@lists.example.org", ""),
]


@pytest.mark.parametrize(("address", "name"), ROLES)
def test_functions_are_told_by_their_address(address: str, name: str) -> None:
    assert kind_of(address, name) is Kind.ROLE


@pytest.mark.parametrize(("address", "name"), LISTS)
def test_lists_are_told_by_their_domain(address: str, name: str) -> None:
    assert kind_of(address, name) is Kind.LIST
