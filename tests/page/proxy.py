"""A small ingress: a reverse proxy that strips its prefix, as Supervisor does."""

import asyncio
import threading
from contextlib import contextmanager

import aiohttp
from aiohttp import web

from tests.server.processes import free_port

PREFIX = "/api/hassio_ingress/a-token-of-this-session"
_HOP = {"transfer-encoding", "connection", "content-length", "content-encoding", "host"}


@contextmanager
def ingress(target):
    """Serve `target` under a prefix, and a page that frames it at the root; gives the origin."""
    port, loop, up = free_port(), asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()

    async def forward(request):
        path = request.match_info["rest"]
        sent = {k: v for k, v in request.headers.items() if k.lower() not in _HOP}
        url = f"{target}/{path}" + (f"?{request.query_string}" if request.query_string else "")
        headers = {**sent, "X-Ingress-Path": PREFIX, "X-Forwarded-Host": request.host}
        body = await request.read()
        async with (
            aiohttp.ClientSession() as session,
            session.request(request.method, url, headers=headers, data=body) as answer,
        ):
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)

    async def frame(_):
        text = f'<!doctype html><title>HA</title><iframe src="{PREFIX}/"></iframe>'
        return web.Response(text=text, content_type="text/html")

    async def serve():
        app = web.Application()
        app.router.add_get("/", frame)
        app.router.add_route("*", PREFIX + "/{rest:.*}", forward)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        up.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert up.wait(60)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
