"""Publishes the messages of a replay file as Pulse does, with pika or kombu; each is confirmed by the broker.

publish.py pika|kombu URL FILE

With an empty file it only declares the exchanges that Pulse has."""
import json
import sys

EXCHANGES = [f"exchange/taskcluster-queue/v1/task-{state}"
             for state in ("defined", "pending", "running", "completed", "failed", "exception")] + [
    "exchange/taskcluster-github/v1/push", "exchange/taskcluster-github/v1/pull-request", "exchange/hgpushes/v1"]


def with_pika(url, messages):
    import pika

    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.confirm_delivery()
    for exchange in EXCHANGES:
        channel.exchange_declare(exchange, exchange_type="topic", durable=True)
    for exchange, key, keys, body in messages:
        properties = pika.BasicProperties(
            content_type="application/json", delivery_mode=2, headers={"CC": keys})
        channel.basic_publish(exchange, key, body.encode(), properties)
    connection.close()


def with_kombu(url, messages):
    from kombu import Connection, Exchange

    with Connection(url, transport_options={"confirm_publish": True}) as connection:
        channel = connection.channel()
        for exchange in EXCHANGES:
            Exchange(exchange, type="topic", durable=True, channel=channel).declare()
        producer = connection.Producer(channel)
        for exchange, key, keys, body in messages:
            producer.publish(body, exchange=exchange, routing_key=key, headers={"CC": keys},
                             content_type="application/json", content_encoding="utf-8", delivery_mode=2)


def read(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)
            # What is known in Pulse only: others would be refused.
            if message["exchange"] in EXCHANGES:
                body = json.dumps(message["body"]) if "body" in message else message["raw"]
                yield message["exchange"], message["routing_key"], message.get("cc", []), body


client, url, path = sys.argv[1:]
{"pika": with_pika, "kombu": with_kombu}[client](url, read(path))
