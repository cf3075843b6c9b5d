"""web: the pages, and the way from them to the services.

Port 3000. Reaches no database and no bus: it serves the files of `static/`, passes `/api/*` on to the gateway and
`/ws/*` to the websocket service. The browser knows only this address, so its cookie, its requests and its socket
all go the same way, and no other origin needs to be allowed.

`pages` holds the files, `passing` one HTTP request on its way, `headers` what travels with it, `sockets` one socket.
"""
