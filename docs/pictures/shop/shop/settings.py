"""What can be chosen when the shop starts."""

import os

HOST = os.environ.get("SHOP_HOST", "127.0.0.1")
PORT = int(os.environ.get("SHOP_PORT", "8080"))
CURRENCY = os.environ.get("SHOP_CURRENCY", "EUR")
MAIL_FROM = os.environ.get("SHOP_MAIL_FROM", "tea@example.com")
