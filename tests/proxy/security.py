#!/usr/bin/env python3
"""Every security protocol on both sides of the proxy, with Apache Kafka and librdkafka.

Usage: security.py PROXY_BINARY CLUSTER_TOOL NAME PORT_BASE

CLUSTER_TOOL starts a broker: `TOOL start --name NAME --port-base N --security MODE`, `TOOL dir`,
`TOOL stop --name NAME --purge`; it has the users admin and alice, and certificates in certs/.
The proxy's port is PORT_BASE + 50. Needs confluent-kafka and openssl.
"""
import base64
import json
import os
import subprocess
import sys
import tempfile
import time

from confluent_kafka import Consumer, Producer, TopicPartition

PROXY, TOOL, NAME, BASE = sys.argv[1:4] + [int(sys.argv[4])]
ADDRESS = f"127.0.0.1:{BASE + 50}"
WORK = tempfile.mkdtemp()
FAILURES = []


def path(name):
    return os.path.join(WORK, name)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def make_certificates():
    """Of the proxy's side: an authority, the proxy's certificate, a client's, an expired one."""
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
        "/CN=proxy-ca", "-keyout", path("ca.key"), "-out", path("ca.crt"))
    with open(path("ext"), "w") as file:
        file.write("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    for name in ("proxy", "carol", "expired"):
        run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}/OU=tests",
            "-keyout", path(f"{name}.key"), "-out", path(f"{name}.csr"))
    for name in ("proxy", "carol"):
        run("openssl", "x509", "-req", "-in", path(f"{name}.csr"), "-CA", path("ca.crt"), "-CAkey",
            path("ca.key"), "-CAcreateserial", "-extfile", path("ext"), "-days", "2",
            "-out", path(f"{name}.crt"))
    make_expired("expired")


def make_expired(name):
    """openssl x509 of version 3.0 takes no dates, openssl ca does."""
    config = path("ca.cnf")
    os.makedirs(path("new"), exist_ok=True)
    open(path("index"), "w").close()
    with open(path("serial"), "w") as file:
        file.write("1000\n")
    with open(config, "w") as file:
        file.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={path('index')}\nserial={path('serial')}\n"
                   f"new_certs_dir={path('new')}\ndefault_md=sha256\npolicy=p\n"
                   "[p]\ncommonName=supplied\norganizationalUnitName=optional\n")
    run("openssl", "ca", "-batch", "-config", config, "-in", path(f"{name}.csr"), "-cert",
        path("ca.crt"), "-keyfile", path("ca.key"), "-startdate", "20200101000000Z", "-enddate",
        "20200102000000Z", "-out", path(f"{name}.crt"))


def text_of(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(subject, lifetime=600, scope="kafka", key="token.key"):
    header = text_of(b'{"alg":"RS256","kid":"one"}')
    now = int(time.time())
    claims = text_of(json.dumps({"sub": subject, "iat": now - 60, "exp": now + lifetime,
                                 "iss": "tests", "aud": "kafka", "scope": scope}).encode())
    with open(path("signed"), "w") as file:
        file.write(f"{header}.{claims}")
    run("openssl", "dgst", "-sha256", "-sign", path(key), "-out", path("signature"), path("signed"))
    with open(path("signature"), "rb") as file:
        return f"{header}.{claims}.{text_of(file.read())}"


def unsigned_token(subject):
    """As brokers take them in their development mode."""
    now = int(time.time())
    claims = json.dumps({"sub": subject, "iat": now, "exp": now + 3600}).encode()
    return f"{text_of(json.dumps({'alg': 'none'}).encode())}.{text_of(claims)}."


class Proxy:
    def __init__(self, listener, upstream):
        config = {"listen": {"address": ADDRESS, "advertised_address": ADDRESS,
                             "security": listener},
                  "kafka": {"bootstrap_servers": f"127.0.0.1:{BASE}", **upstream},
                  "mapping": {"virtual_partitions": 12, "physical_partitions": 3,
                              "auto_create": True}}
        with open(path("proxy.yaml"), "w") as file:
            json.dump(config, file)
        self.log = open(path("proxy.log"), "w")
        ready = path("ready")
        if os.path.exists(ready):
            os.remove(ready)
        command = [PROXY, "--config", path("proxy.yaml"), "--ready-file", ready]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        while not os.path.exists(ready) and self.process.poll() is None:
            time.sleep(0.05)
        self.is_serving = self.process.poll() is None

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(30)


def serves(client):
    """Produces to a virtual partition through the proxy and reads it back."""
    topic, value = "secured", os.urandom(8).hex()
    failures = []
    common = {"bootstrap.servers": ADDRESS, "error_cb": failures.append, **client}
    delivered = []
    producer = Producer({**common, "message.timeout.ms": 10000})
    producer.produce(topic, value, partition=7,
                     on_delivery=lambda error, message: delivered.append((error, message)))
    end = time.monotonic() + 12
    while not delivered and time.monotonic() < end:
        producer.poll(0.1)
        if any(f.name() in ("_AUTHENTICATION", "_SSL", "_ALL_BROKERS_DOWN") for f in failures):
            break
    if not delivered or delivered[0][0]:
        return None, failures
    consumer = Consumer({**common, "group.id": "readers"})
    consumer.assign([TopicPartition(topic, 7, delivered[0][1].offset())])
    message = consumer.poll(10)
    consumer.close()
    return message is not None and message.value().decode() == value, failures


def expect(what, client, is_served, error=None):
    served, failures = serves(client)
    names = {failure.name() for failure in failures}
    is_right = bool(served) == is_served and (error is None or error in names)
    print("ok  " if is_right else "FAIL", what, "served" if served else sorted(names), flush=True)
    if not is_right:
        FAILURES.append(what)


def upstreams(folder):
    """The broker's modes with the ways to log in at each."""
    def tls(**more):
        return {"tls": {"ca_cert_path": f"{folder}/certs/ca.crt", **more}}

    def sasl(mechanism):
        if mechanism == "OAUTHBEARER":
            return {"sasl": {"mechanism": mechanism, "token_path": path("upstream.token")}}
        return {"sasl": {"mechanism": mechanism, "username": "admin", "password": "admin-secret"}}

    mechanisms = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")
    certificate = {"cert_path": f"{folder}/certs/admin.crt",
                   "key_path": f"{folder}/certs/admin.key"}
    return {
        "plaintext": [("PLAINTEXT", {})],
        "ssl": [("SSL", tls())],
        "mtls": [("SSL", tls(**certificate))],
        "sasl_plaintext": [("SASL_PLAINTEXT", sasl(name)) for name in mechanisms],
        "sasl_ssl": [("SASL_SSL", {**tls(), **sasl(name)}) for name in mechanisms],
    }


def start_cluster(mode):
    """A port may be another program's for a moment."""
    command = [TOOL, "start", "--fast", "--name", NAME, "--port-base", str(BASE),
               "--security", mode]
    for attempt in range(3):
        started = subprocess.run(command, capture_output=True, text=True)
        if started.returncode == 0:
            return
        print("starts again:", started.stderr.strip()[-200:], flush=True)
        time.sleep(3)
    raise SystemExit(f"FAIL: no broker with {mode}")


def check_upstreams():
    with open(path("upstream.token"), "w") as file:
        file.write(unsigned_token("admin"))
    for mode in ("plaintext", "ssl", "mtls", "sasl_plaintext", "sasl_ssl"):
        start_cluster(mode)
        ways = upstreams(run(TOOL, "dir", "--name", NAME))[mode]
        for protocol, settings in ways:
            how = settings.get("sasl", {}).get("mechanism", "")
            proxy = Proxy({}, {"security_protocol": protocol, **settings})
            expect(f"upstream {mode} {how}", {}, True)
            proxy.stop()
            check_refused(mode, protocol, settings)
        if mode == "sasl_ssl":
            check_listeners({"security_protocol": "SASL_SSL", **ways[0][1]})
        run(TOOL, "stop", "--name", NAME, "--purge")


def check_refused(mode, protocol, settings):
    """With wrong credentials the proxy does not start, and says so with exit code 3."""
    wrong = json.loads(json.dumps(settings))
    if "password" in wrong.get("sasl", {}):
        wrong["sasl"]["password"] = "guess"
    elif mode == "mtls":
        wrong["tls"] = {"ca_cert_path": wrong["tls"]["ca_cert_path"],
                        "cert_path": path("carol.crt"), "key_path": path("carol.key")}
    elif mode == "ssl":
        wrong["tls"] = {"ca_cert_path": path("ca.crt")}
    else:
        return
    proxy = Proxy({}, {"security_protocol": protocol, "connection_timeout_ms": 5000, **wrong})
    is_refused = not proxy.is_serving
    code = proxy.stop()
    is_right = is_refused and code == 3
    print("ok  " if is_right else "FAIL", f"upstream {mode} refused with wrong credentials: {code}")
    if not is_right:
        FAILURES.append(f"refused {mode}")


def check_listeners(upstream):
    server = {"cert_path": path("proxy.crt"), "key_path": path("proxy.key")}
    users = {"users": {"carol": "carol-secret"}}
    run("openssl", "genrsa", "-out", path("token.key"), "2048")
    run("openssl", "genrsa", "-out", path("other.key"), "2048")
    run("openssl", "rsa", "-in", path("token.key"), "-pubout", "-out", path("token.pem"))
    trust = {"ssl.ca.location": path("ca.crt")}
    for protocol in ("SASL_PLAINTEXT", "SASL_SSL"):
        tls = trust if protocol == "SASL_SSL" else {}
        for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
            sasl = {"enabled_mechanisms": [mechanism], "credentials": users}
            proxy = Proxy({"protocol": protocol, "tls": server, "sasl": sasl}, upstream)
            client = {"security.protocol": protocol, "sasl.mechanism": mechanism, **tls,
                      "sasl.username": "carol", "sasl.password": "carol-secret"}
            expect(f"listener {protocol} {mechanism}", client, True)
            refused = "_AUTHENTICATION"
            expect("  wrong password", {**client, "sasl.password": "guess"}, False, refused)
            expect("  unknown user", {**client, "sasl.username": "dave"}, False, refused)
            proxy.stop()
        tokens = {"public_key_path": path("token.pem"), "issuer": "tests", "audience": "kafka",
                  "required_scopes": ["kafka"]}
        sasl = {"enabled_mechanisms": ["OAUTHBEARER"], "oauthbearer": tokens}
        proxy = Proxy({"protocol": protocol, "tls": server, "sasl": sasl}, upstream)

        def with_token(text):
            return {"security.protocol": protocol, "sasl.mechanism": "OAUTHBEARER", **tls,
                    "oauth_cb": lambda config: (text, time.time() + 600)}
        expect(f"listener {protocol} OAUTHBEARER", with_token(token("carol")), True)
        expect("  expired token", with_token(token("carol", -600)), False, refused)
        expect("  other scope", with_token(token("carol", scope="x")), False, refused)
        expect("  other key", with_token(token("carol", key="other.key")), False, refused)
        proxy.stop()
    client = {"security.protocol": "SSL", **trust}

    def certificate_of(name):
        return {"ssl.certificate.location": path(f"{name}.crt"),
                "ssl.key.location": path(f"{name}.key")}
    proxy = Proxy({"protocol": "SSL", "tls": server}, upstream)
    expect("listener SSL", client, True)
    expect("  authority not known", {"security.protocol": "SSL"}, False, "_SSL")
    proxy.stop()
    proxy = Proxy({"protocol": "SSL", "tls": {**server, "ca_cert_path": path("ca.crt"),
                                              "require_client_cert": True}}, upstream)
    expect("listener SSL with client certificates", {**client, **certificate_of("carol")}, True)
    expect("  no certificate", client, False)
    expect("  expired certificate", {**client, **certificate_of("expired")}, False)
    proxy.stop()
    proxy = Proxy({"protocol": "SSL", "tls": {"cert_path": path("expired.crt"),
                                              "key_path": path("expired.key")}}, upstream)
    is_right = not proxy.is_serving and proxy.stop() == 2
    print("ok  " if is_right else "FAIL", "expired certificate of the proxy: not started")
    if not is_right:
        FAILURES.append("expired certificate")


make_certificates()
check_upstreams()
print("failed: " + ", ".join(FAILURES) if FAILURES else "all as expected")
sys.exit(1 if FAILURES else 0)
