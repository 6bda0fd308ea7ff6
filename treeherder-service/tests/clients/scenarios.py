"""Scenarios of Treeherder's clients, against a server that runs (`spec/api.md` §12.3, items 1, 2, 7 to 10).

Arguments: the server's URL, the project with many jobs, the id of the push that they belong to, and how many they are.
"""

import http.client
import json
import sys
import urllib.parse

import requests
from mozci.data.sources.treeherder import TreeherderClientSource
from thclient import PerfherderClient, TreeherderClient

URL, MANY, MANY_PUSH, COUNT = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])


def paging(client):
    """All jobs of a push, 2000 at a time, until a page is empty."""
    asked = []
    get = requests.Session.get

    def watching(session, url, **more):
        asked.append(more.get("params", {}).get("count") or urllib.parse.urlparse(url).query)
        return get(session, url, **more)

    requests.Session.get = watching
    try:
        jobs = client.get_jobs(MANY, push_id=MANY_PUSH, count=None)
    finally:
        requests.Session.get = get
    assert len(jobs) == COUNT == len({job["id"] for job in jobs}), len(jobs)
    assert len(asked) == COUNT // 2000 + 1, asked
    assert client.get_jobs(MANY, push_id=MANY_PUSH, count=0) == []


def pushes_and_jobs(client):
    """What people look at first."""
    pushes = client.get_pushes("autoland")
    assert pushes and all(push["revisions"] for push in pushes)
    first = pushes[0]
    assert client.get_pushes("autoland", count=20, revision=first["revision"]) == [first]
    assert client.get_pushes("autoland", revision="9" * 40) == []
    jobs = [job for push in pushes for job in client.get_jobs("autoland", push_id=push["id"], count=2000)]
    assert jobs and all(isinstance(job["platform_option"], str) for job in jobs)
    arrays = client.get_jobs("autoland", push_id=first["id"], return_type="list")
    assert all(len(array) == 37 for array in arrays)
    parsed = 0
    for job in jobs[:20]:
        logs = client.get_job_log_url("autoland", job_id=job["id"])
        assert all(log["job_id"] == job["id"] for log in logs)
        parsed += sum(log["parse_status"] == "parsed" for log in logs)
    assert parsed, "the demo's logs are parsed"
    hashes = client.get_option_collection_hash()
    assert all(job["option_collection_hash"] in hashes for job in jobs)
    assert any(repository["name"] == "autoland" for repository in client.get_repositories())
    assert len(client.get_failure_classifications()) == 8
    return jobs


def perfherder(jobs):
    """Series and their points."""
    client = PerfherderClient(server_url=URL)
    signatures = client.get_performance_signatures("autoland", interval=5_184_000)
    assert signatures, "the demo has performance data"
    suites = signatures.get_property_values("suite")
    suite = sorted(suites)[0]
    of_suite = signatures.filter(("suite", suite))
    assert of_suite and all(series["suite"] == suite for series in of_suite.values())
    data = client.get_performance_data("autoland", signature_id=list(of_suite.get_signature_hashes()))
    values = [value for series in data.values() for value in series["value"]]
    assert values and all(isinstance(value, (int, float)) for value in values)
    assert {point["job_id"] for series in data.values() for point in series} <= {job["id"] for job in jobs} | {None}


def errors(client):
    """Clients see them as exceptions."""
    for ask in [
        lambda: client.get_jobs("nowhere"),
        lambda: client.get_pushes("nowhere"),
        lambda: client.get_pushes("autoland", count=1001),
        lambda: client.get_pushes("autoland", id__in="1,x"),
        lambda: client.get_job_log_url("autoland"),
        lambda: client.get_job_details(),
    ]:
        try:
            ask()
        except (requests.exceptions.HTTPError, ValueError):
            continue
        raise AssertionError("no error")
    versions = {"1.0": 200, "1.1": 200, "7": 406}
    for version, status in versions.items():
        headers = {"Accept": f"application/json; version={version}", "User-Agent": "scenarios"}
        assert requests.get(f"{URL}/api/repository/", headers=headers).status_code == status


def mozci():
    """The three requests of mozci."""
    source = TreeherderClientSource()
    TreeherderClientSource.base_url = f"{URL}/api"
    pushes = source.run_pushes("autoland")
    assert pushes and all(push["revs"] and push["date"] > 0 for push in pushes)
    heads = [push["revision"] for push in TreeherderClient(server_url=URL).get_pushes("autoland", count=15)]
    groups = [source.get_push_test_groups("autoland", head) for head in heads]
    results = [result for tasks in groups for task in tasks.values() for result in task.values()]
    assert results and all(isinstance(result, bool) for result in results), "the demo has test groups"
    for head in heads:
        assert isinstance(source.run_push_tasks_classifications("autoland", head), dict)


def plain(path, agent):
    """Asks as programs do that set hardly any headers."""
    address = urllib.parse.urlparse(URL)
    connection = http.client.HTTPConnection(address.hostname, address.port)
    connection.putrequest("GET", path, skip_accept_encoding=True)
    if agent:
        connection.putheader("User-Agent", agent)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.getheader("Content-Type"), answer.read()


def treeherder_cli():
    """Requests without a User-Agent; arrays by the places that old releases know."""
    status, kind, body = plain("/api/project/autoland/push/?full=true&count=10", None)
    assert (status, kind) == (200, "application/json")
    push = json.loads(body)["results"][0]["id"]
    page = json.loads(plain(f"/api/jobs/?push_id={push}", None)[2])
    names = page["job_property_names"]
    places = {0: "failure_classification_id", 1: "id", 3: "job_group_symbol", 5: "job_type_symbol", 7: "platform",
              10: "result", 12: "state", 16: "duration", 17: "platform_option"}
    assert all(names[place] == name for place, name in places.items())
    job = page["results"][0]
    assert job[16] >= 1
    detail = json.loads(plain(f"/api/project/autoland/jobs/{job[1]}/", None)[2])
    assert detail["id"] == job[1] and all({"name", "url"} <= log.keys() for log in detail["logs"])
    similar = json.loads(plain(f"/api/project/autoland/jobs/{job[1]}/similar_jobs/?count=3", None)[2])
    assert similar["meta"] == {"offset": 0, "count": 3, "repository": "autoland"}


def unnamed():
    """Programs that do not say who they are."""
    for agent in ["python-requests/2.32.0", "Go-http-client/1.1", "libcurl/8.0", "Python-urllib/3.11"]:
        assert plain("/api/repository/", agent)[0] == 403, agent
        assert plain("/robots.txt", agent)[0] == 200, agent


client = TreeherderClient(server_url=URL)
paging(client)
jobs = pushes_and_jobs(client)
perfherder(jobs)
errors(client)
mozci()
treeherder_cli()
unnamed()
print("all scenarios went well")
