"""Binds a queue to an exchange for each pattern with kombu, says "ready", and at the end of its input prints what came.

consume.py URL EXCHANGE PATTERN…"""
import json
import sys

from kombu import Connection, Exchange, Queue

url, exchange, *patterns = sys.argv[1:]
with Connection(url) as connection:
    channel = connection.channel()
    exchange = Exchange(exchange, type="topic", passive=True)
    queues = {pattern: Queue(f"queue/guest/kombu-{number}", exchange, routing_key=pattern, durable=False,
                             exclusive=True, channel=channel) for number, pattern in enumerate(patterns)}
    for queue in queues.values():
        queue.declare()
    print("ready", flush=True)
    sys.stdin.read()
    consumed = {}
    for pattern, queue in queues.items():
        consumed[pattern] = []
        while (message := queue.get(no_ack=True)) is not None:
            consumed[pattern].append({
                "key": message.delivery_info["routing_key"],
                "cc": message.headers.get("CC"),
                "content_type": message.content_type,
                "delivery_mode": message.properties.get("delivery_mode"),
                "body": message.payload,
            })
    print(json.dumps(consumed))
