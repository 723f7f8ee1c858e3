"""Start Plainsight: read the settings, build the parts, open the page. The models load behind it.

`python app.py`; every setting is an environment variable or a line in `.env`, see the README.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from rag.cli import terminal

if TYPE_CHECKING:
    from rag.service import Service

log = logging.getLogger("plainsight")


def main() -> int:
    """Serve the page until it is interrupted, or told to end as by `docker stop`. Returns the exit status."""
    return terminal.ended(_serve, also=(signal.SIGTERM,))


def _serve() -> int:
    from rag.build import build
    from rag.errors import SettingsError
    from rag.settings import Settings, unknown
    from rag.settings.environment import environment

    try:
        env = environment(Path.cwd())
        settings = Settings.from_env(env)
    except SettingsError as e:
        sys.stderr.write(f"{e}\n")
        return 2
    logging.basicConfig(level="WARNING", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for ours in (log.name, "rag"):  # libraries say at INFO what helps their own developers
        logging.getLogger(ours).setLevel(settings.log_level)
    for why in unknown(env):
        log.warning("%s", why)
    with closing(build(settings)) as service:
        return _page(service)


def _page(service: Service) -> int:
    """Open the page, then load the models behind it, until Ctrl-C or `docker stop`."""
    from rag.ui.http.upload_folder import UploadFolder

    settings = service.settings
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before Gradio is imported: nothing is reported to anyone
    with closing(UploadFolder(Path(settings.data_dir) / "tmp")) as scratch:
        os.environ["GRADIO_TEMP_DIR"] = str(scratch.open())  # else in a folder that all users of the machine share
        from rag.ui.page import build_page, launch_options

        page = build_page(service)
        try:
            _, address, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_options(service))
        except OSError as e:
            log.error(
                "The page cannot listen on %s:%s. Set RAG_HOST or RAG_PORT. (%s)", settings.host, settings.port, e
            )
            return 1
        log.info("Plainsight is at %s", address)
        service.start()  # now, not before: loading models must not slow the page down
        threading.Event().wait()
    return 0


if __name__ == "__main__":
    terminal.program(main)
