import unittest

from shop.gateway import answer


class Gateway(unittest.TestCase):
    def test_the_first_page_is_there(self):
        self.assertEqual(answer("/")[0], 200)

    def test_other_pages_are_not(self):
        self.assertEqual(answer("/coffee")[0], 404)
