"""What an image must say of itself is read as it is meant, and refused where it is not: python3 test_container.py"""

import json
import os
import signal
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from container import Image, ImageFailure  # noqa: E402


class OneImage:
    """A store with one image, of this description and root."""

    def __init__(self, root, **config):
        self.root, self.config = root, config

    def run(self, *words):
        return json.dumps({"Docker": {"config": self.config}}) if words[0] == "inspect" else str(self.root)


def image(root="/nowhere", **config):
    return Image(OneImage(root, **config), "image")


class Descriptions(unittest.TestCase):
    def test_the_user_is_a_number_and_not_root(self):
        self.assertEqual(image(User="10001:10002").user, (10001, 10002))
        for user in (None, "", "0", "0:0", "root", "crossdock", "10001", "10001:0", "10001:crossdock"):
            with self.assertRaises(ImageFailure, msg=user):
                image(User=user).user

    def test_a_health_check_needs_no_shell(self):
        self.assertEqual(image(Healthcheck={"Test": ["CMD", "/usr/bin/x", "health"]}).health_check, ["/usr/bin/x", "health"])
        self.assertIsNone(image().health_check)
        with self.assertRaises(ImageFailure):
            image(Healthcheck={"Test": ["CMD-SHELL", "curl localhost"]}).health_check

    def test_variables_of_the_image_are_there_and_can_be_replaced(self):
        own = image(Env=["A=1", "B=x=y"])
        self.assertEqual(own.environment({"A": "2", "C": "3"}), {"A": "2", "B": "x=y", "C": "3"})
        self.assertEqual(image(Env=None).environment(None), {})

    def test_the_signal_that_ends_it(self):
        self.assertEqual(image(StopSignal="SIGINT").stop_signal, signal.SIGINT)
        self.assertEqual(image().stop_signal, signal.SIGTERM)

    def test_sizes_count_a_file_of_two_names_once_and_follow_no_link(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "a").write_bytes(b"x" * 1000)
            os.link(root / "a", root / "b")
            (root / "below").mkdir()
            (root / "below" / "c").write_bytes(b"x" * 10)
            (root / "d").symlink_to("/etc/passwd")
            found = image(root)
            self.assertEqual(found.bytes_of("/below/c"), 10)
            self.assertEqual(found.bytes_of(), 1010 + len("/etc/passwd"))


if __name__ == "__main__":
    unittest.main()
