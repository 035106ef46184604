"""`python -m fitserve`: look at the web server's settings, then become gunicorn.

gunicorn reads WEB_CONCURRENCY by itself, as soon as it is loaded, and of what is no number it
makes a traceback: `gunicorn_conf.py` would come too late to say what is wrong.
"""

import os
import sys

from fitserve.config import Server

CONFIGURATION = "python:fitserve.gunicorn_conf"

if __name__ == "__main__":
    Server.load(dict(os.environ)).refuse_elsewhere()
    os.execvp("gunicorn", ["gunicorn", "-c", CONFIGURATION, *sys.argv[1:]])  # noqa: S606, S607
