import Testing

@testable import UVLoop

/// HTTP/1.0, as Python's standard library speaks it: a protocol of lines, counts and ends.
@Suite(.timeLimit(.minutes(1)))
struct InteropHTTPTests {
    // MARK: http.server

    private static let server = """
        import functools, hashlib, http.server, os, random, tempfile
        with tempfile.TemporaryDirectory() as folder:
            data = random.Random(3).randbytes(5_000_000)
            with open(os.path.join(folder, "file"), "wb") as file:
                file.write(data)
            handler = functools.partial(
                http.server.SimpleHTTPRequestHandler, directory=folder)
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
            server.daemon_threads = False
            print(server.server_port, hashlib.sha256(data).hexdigest(), flush=True)
            for _ in range(3):
                server.handle_request()
            server.server_close()
        """

    @Test func pythonServesFiles() async throws {
        let server = try ForeignProgram(python: Self.server)
        let words = try await server.line().split(separator: " ").map(String.init)
        let port = try #require(Int(words[0]))
        let answers = try await onLoop { loop in
            var answers: [SeedPrograms.Answer] = []
            for path in ["/file", "/", "/nowhere"] {
                answers.append(
                    try await SeedPrograms.fetch(path, from: .ip("127.0.0.1", port: port), on: loop)
                )
            }
            return answers
        }
        #expect(answers.map(\.status) == [200, 200, 404])
        #expect(answers.map(\.length) == answers.map(\.body.count))
        #expect(try await ForeignProgram.digest(of: answers[0].body) == words[1])
        #expect(String(decoding: answers[1].body, as: UTF8.self).contains("<a href=\"file\">"))
        _ = try await server.outputToEnd()
    }

    // MARK: urllib and http.client

    @Test func pythonFetchesFiles() async throws {
        let bytes = scrambled(5_000_000)
        let digest = try await ForeignProgram.digest(of: bytes)
        let client = """
            import hashlib, http.client, sys, urllib.error, urllib.request
            from concurrent.futures import ThreadPoolExecutor
            host, expected = sys.argv[1:]
            def fetch(path, **options):
                request = urllib.request.Request(f"http://{host}{path}", **options)
                with urllib.request.urlopen(request, timeout=50) as answer:
                    return answer.status, answer.read()
            def check(_):
                status, data = fetch("/file")
                assert status == 200 and hashlib.sha256(data).hexdigest() == expected
                assert fetch("/small") == (200, b"small\\n")
                assert fetch("/small", method="HEAD") == (200, b"")
                try:
                    fetch("/nowhere")
                    assert False
                except urllib.error.HTTPError as error:
                    assert (error.code, error.read()) == (404, b"not here\\n")
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(check, range(16)))
            connection = http.client.HTTPConnection(host, timeout=50)
            connection.request("POST", "/digest", body=bytes(range(256)) * 8_192)
            answer = connection.getresponse()
            print(answer.status, answer.read().decode())
            """
        let files = ["/file": bytes, "/small": Array("small\n".utf8)]
        let printed = try await onLoop { loop in
            try await serving(loop) { stream in
                try await SeedPrograms.answer(stream, files: files)
            } while: { listener in
                let host = "127.0.0.1:\(listener.port)"
                return try await ForeignProgram(python: client, [host, digest]).textToEnd()
            }
        }
        let posted = (0..<8_192).flatMap { _ in (0...255).map { UInt8($0) } }
        #expect(try await printed == "200 \(ForeignProgram.digest(of: posted))")
    }
}
