"""The route table: the handler of each path, and what the documentation says about each operation.

The application, /openapi.json, /docs and the contract tests are derived from it. Its rows are in `*_routes.py`, by
subject.
"""

import tornado.routing
import tornado.web

from localwhisper.server import static_files
from localwhisper.server.compat.routes import COMPAT_ROUTES
from localwhisper.server.job_routes import JOB_ROUTES
from localwhisper.server.model_routes import MODEL_ROUTES
from localwhisper.server.route import Route
from localwhisper.server.system_routes import SYSTEM_ROUTES

ROUTES: tuple[Route, ...] = (*JOB_ROUTES, *MODEL_ROUTES, *SYSTEM_ROUTES, *COMPAT_ROUTES)
PAGE_FILES = r"/(|(?:css|js)/[\w./-]+|[\w-]+\.(?:html|js|svg|png|webmanifest))"


def url_specs(web: str, samples: str) -> list[tornado.routing.URLSpec]:
    """URL specs of all routes, then those of the samples and the page."""
    specs = [tornado.web.url(route.pattern, route.handler) for route in ROUTES]
    specs.append(tornado.web.url(r"/samples/([\w-]+\.opus)", static_files.PackageFileHandler, {"path": samples}))
    specs.append(
        tornado.web.url(PAGE_FILES, static_files.PackageFileHandler, {"path": web, "default_filename": "index.html"})
    )
    return specs
