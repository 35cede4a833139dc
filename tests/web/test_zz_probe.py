from tests.web.conftest import AS_BROWSER, Site
from tests.web.records import short_call
from worker.core.log.entry import Role
import sqlalchemy as sa
def test_probe(site: Site):
    call_id = site.publish(short_call(), sound=b"sound")
    a = site.link(call_id)
    big = "9"*30
    for m, path, kw in [
        ("GET", f"{a}/files/{big}", {}), ("GET", f"{a}/files/9999999999", {}), ("GET", f"{a}/files/abc", {}), ("GET", f"{a}/compared/{big}", {}), ("GET", f"{a}/files/-1", {}),
        ("GET", f"{a}/say?turn=t1&first={big}&last={big}", {}), ("GET", f"{a}/say?turn=t1&first=x", {}),
        ("GET", f"{a}/say?turn={'t'*5000}", {}),
        ("GET", "/?calls=99999999999", {}), ("GET", "/?calls=0", {}), ("GET", f"{a}/events?after={big}", {}),
        ("POST", "/sign-in/once", {"data": {}}), ("POST", "/sign-in/once", {"data": {"token": "x\0y"}}), ("GET", "/c/a?sent=foo", {}), ("GET", "/sign-in/hand-over", {}),
        ("POST", f"{a}/annotations", {"data": {"act": "agree", "target": "statement:s1\0"}}),
        ("POST", f"{a}/annotations", {"data": {"act": "context", "target": "call", "text": "x"*900000}}),
        ("POST", f"{a}/annotations", {"content": b"--x\r\nContent-Disposition: form-data; name=\"act\"\r\n\r\nagree", "headers": {"content-type": "multipart/form-data; boundary=x"}}),
        ("POST", f"{a}/annotations", {"content": b"garbage", "headers": {"content-type": "multipart/form-data"}}),
        ("POST", f"{a}/annotations", {"files": {"text": (None, "x"*1100000)}}),
        ("POST", f"/api/v1{a}/annotations", {"content": b"["*200000, "headers": {"content-type": "application/json"}}),
        ("POST", f"/api/v1{a}/annotations", {"content": b'{"act":"add","target":{"on":"call"},"text":"\\ud800"}', "headers": {"content-type": "application/json"}}),
        ("POST", f"/api/v1{a}/annotations", {"content": b'{"act":"new_day","target":{"on":"promise","id":"p1"},"day":1e400}', "headers": {"content-type": "application/json"}}),
        ("POST", f"{a}/annotations", {"data": {"act": "add", "target": "call", "text": "a\ud800".encode("utf-8","surrogatepass")}}),
        ("POST", f"{a}/annotations", {"data": {"act": "new_day", "target": "promise:p1", "day": "0001-01-01"}}),
        ("GET", f"/api/v1/calls/{call_id}/entries?since={2**31-1}&limit=200", {}),
        ("GET", f"/api/v1/calls?after=%00", {}),
        ("GET", f"/calls/%00", {}), ("GET", "/calls/" + "a"*5000, {}), ("OPTIONS", a, {}), ("PUT", a, {}), ("GET", "/nothing", {}), ("GET", "/static/../app.py", {}), ("GET", "/static/%2e%2e/app.py", {}), ("GET", a+"/", {}),
        ("GET", "/api/v1/me", {}), ("GET", f"/api/v1/calls/{call_id}", {}), ("GET", "/static/icon.svg", {}), ("GET", f"{a}/sound", {}),
    ]:
        for h in (AS_BROWSER, {}):
            hh = {**h, **kw.get("headers", {})}
            r = site.client.request(m, path, **{**kw, "headers": hh}, follow_redirects=False) if "events" not in path or len(path)<60 else site.client.get(path, headers=hh)
            print(r.status_code, m, path[:80], r.headers.get("content-type"), r.headers.get("cache-control"), r.text[:150].replace("\n"," ") if r.status_code>=400 and not h else "")
    # queries
    count = [0]
    def n(*a): count[0]+=1
    sa.event.listen(site.store._database._engine, "before_cursor_execute", n)
    for path in ["/sign-in", "/", a, f"{a}.json", "/api/v1/calls", f"{a}/sound", f"{a}/peaks.json", "/api/v1/me"]:
        count[0]=0; r=site.client.get(path, headers=AS_BROWSER); print("Q", path, count[0], r.status_code)
    site.link(call_id, __import__("worker.core.call",fromlist=["Party"]).Party.AGENT)
    for path in ["/", a]:
        count[0]=0; r=site.client.get(path, headers=AS_BROWSER); print("Q agent", path, count[0], r.status_code)
