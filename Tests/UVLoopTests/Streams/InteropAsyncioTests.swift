import Testing

@testable import UVLoop

/// Streams against the streams of Python's asyncio, in both roles.
@Suite(.timeLimit(.minutes(2)))
struct InteropAsyncioTests {
    // MARK: asyncio serves

    /// A server for one connection: prints its port, serves, and ends.
    private static let oneConnection = """
        import asyncio, hashlib, random, sys
        async def main():
            done = asyncio.Event()
            async def accepted(reader, writer):
                await handle(reader, writer)
                writer.close()
                await writer.wait_closed()
                done.set()
            server = await asyncio.start_server(accepted, "127.0.0.1", 0)
            print(server.sockets[0].getsockname()[1], flush=True)
            await done.wait()
            server.close()
        """

    private func connecting<R: Sendable>(
        to handle: String,
        _ body: @escaping @Sendable (SocketStream) async throws -> R
    ) async throws -> (result: R, printed: String) {
        let server = try ForeignProgram(
            python: "\(Self.oneConnection)\n\(handle)\nasyncio.run(main())")
        let port = try #require(Int(try await server.line()))
        let result = try await onLoop { loop in
            try await loop.withConnection(to: .ip("127.0.0.1", port: port)) { stream in
                try await body(stream)
            }
        }
        return (result, try await server.textToEnd())
    }

    @Test func weEndFirstAndItGoesOn() async throws {
        let received = try await connecting(
            to: """
                async def handle(reader, writer):
                    count = 0
                    while data := await reader.read(100):
                        count += len(data)
                        writer.write(data)
                        await writer.drain()
                    await asyncio.sleep(0)
                    writer.write(b"%d bytes, bye" % count)
                    writer.write_eof()
                """
        ) { stream in
            for text in ["hello", "naïve café\n", String(repeating: "x", count: 1_000)] {
                try await stream.send(text)
                let echo = try await stream.receive(exactly: text.utf8.count)
                #expect(echo == Array(text.utf8))
            }
            try await stream.sendEOF()
            await #expect(throws: StreamError.closed) { try await stream.send("too late") }
            return String(decoding: try await stream.receiveToEnd(), as: UTF8.self)
        }
        #expect(received.result == "1018 bytes, bye")
    }

    @Test func itEndsFirstAndWeGoOn() async throws {
        let bytes = scrambled(3_000_000)
        let received = try await connecting(
            to: """
                async def handle(reader, writer):
                    writer.write(b"greetings\\n")
                    writer.write_eof()
                    print(hashlib.sha256(await reader.read()).hexdigest())
                """
        ) { stream in
            let greeting = try await stream.receiveLine()
            #expect(greeting == "greetings")
            let end = try await stream.receive()
            #expect(end == nil)
            try await stream.send(bytes)
            try await stream.sendEOF()
        }
        #expect(try await received.printed == ForeignProgram.digest(of: bytes))
    }

    /// Also when there is something left to be received: `close` of a socket would reset then.
    @Test func closingGracefullyLosesNothing() async throws {
        let bytes = scrambled(3_000_000)
        let received = try await connecting(
            to: """
                async def handle(reader, writer):
                    writer.write(bytes(1_000_000))
                    print(hashlib.sha256(await reader.read()).hexdigest())
                """
        ) { stream in
            try await stream.send(bytes)
            try await stream.close()
        }
        #expect(try await received.printed == ForeignProgram.digest(of: bytes))
    }

    // MARK: asyncio connects

    private func served<R: Sendable>(
        to client: String, _ arguments: [String] = [],
        _ handler: @escaping @Sendable (SocketStream) async throws -> R
    ) async throws -> (results: [R], printed: String) {
        try await onLoop { loop in
            let results = Results<R>()
            let printed = try await serving(loop) { stream in
                await results.add(try await handler(stream))
            } while: { listener in
                let script = """
                    import asyncio, hashlib, random, sys
                    PORT = \(listener.port)
                    \(client)
                    asyncio.run(main())
                    """
                return try await ForeignProgram(python: script, arguments).textToEnd()
            }
            return (await results.all, printed)
        }
    }

    @Test func theClientEndsFirstAndIsAnswered() async throws {
        let received = try await served(
            to: """
                async def main():
                    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
                    for number in range(20_000):
                        writer.write(b"line %d\\n" % number)
                    writer.write_eof()
                    print((await reader.read()).decode())
                    writer.close()
                    await writer.wait_closed()
                """
        ) { stream in
            var count = 0
            for try await line in stream.lines {
                #expect(line == "line \(count)")
                count += 1
            }
            try await stream.send("\(count) lines")
        }
        #expect(received.printed == "20000 lines")
    }

    @Test func weEndFirstAndTheClientGoesOn() async throws {
        let received = try await served(
            to: """
                async def main():
                    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
                    greeting = await reader.read()
                    data = random.Random(5).randbytes(3_000_000)
                    writer.write(data)
                    await writer.drain()
                    writer.write_eof()
                    writer.close()
                    await writer.wait_closed()
                    print(greeting.decode(), hashlib.sha256(data).hexdigest())
                """
        ) { stream in
            try await stream.send("greetings")
            try await stream.sendEOF()
            return try await stream.receiveToEnd()
        }
        let digest = try await ForeignProgram.digest(of: try #require(received.results.first))
        #expect(received.printed == "greetings \(digest)")
    }

    @Test func manySmallConnectionsAtOnce() async throws {
        let received = try await served(
            to: """
                async def talk(number):
                    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
                    for question in range(3):
                        line = b"%d asks %d\\n" % (number, question)
                        writer.write(line)
                        assert await reader.readline() == line, line
                    if number % 2:
                        writer.write_eof()
                        assert await reader.read() == b"bye"
                    writer.close()
                    await writer.wait_closed()
                async def main():
                    for round in range(5):
                        await asyncio.gather(*(talk(200 * round + n) for n in range(200)))
                    print("done")
                """
        ) { stream in
            var count = 0
            for try await line in stream.lines {
                try await stream.send(line + "\n")
                count += 1
            }
            // Half of the clients have gone by then, and need not be told.
            try? await stream.send("bye")
            return count
        }
        #expect(received.printed == "done")
        #expect(received.results.count == 1_000)
        #expect(received.results.allSatisfy { $0 == 3 })
    }

    // MARK: 64 MiB each way

    /// Sends and receives 64 MiB at once, and prints the digests of both.
    private static let exchange = """
        async def exchange(reader, writer):
            block = random.Random(9).randbytes(999_983)
            async def send():
                digest, left = hashlib.sha256(), 64 << 20
                while left:
                    data = block[:left]
                    digest.update(data)
                    writer.write(data)
                    await writer.drain()
                    left -= len(data)
                writer.write_eof()
                return digest.hexdigest()
            async def receive():
                digest = hashlib.sha256()
                while data := await reader.read(1 << 20):
                    digest.update(data)
                return digest.hexdigest()
            print(*await asyncio.gather(send(), receive()), flush=True)
        """

    private static let exchangedCount = 64 << 20

    private static func exchange(
        _ sent: [UInt8], on stream: SocketStream
    ) async throws -> [UInt8] {
        async let sending: Void = send(sent, on: stream)
        var received: [UInt8] = []
        received.reserveCapacity(exchangedCount)
        for try await chunk in stream { received += chunk }
        try await sending
        return received
    }

    private static func send(_ bytes: [UInt8], on stream: SocketStream) async throws {
        // Pieces that fit no buffer.
        for start in stride(from: 0, to: bytes.count, by: 300_007) {
            try await stream.send(bytes[start..<min(start + 300_007, bytes.count)])
        }
        try await stream.sendEOF()
    }

    @Test func sixtyFourMebibytesEachWayWithAServer() async throws {
        let sent = scrambled(Self.exchangedCount)
        let received = try await connecting(to: "\(Self.exchange)\nhandle = exchange") { stream in
            try await Self.exchange(sent, on: stream)
        }
        #expect(received.result.count == Self.exchangedCount)
        let digests = [
            try await ForeignProgram.digest(of: received.result),
            try await ForeignProgram.digest(of: sent),
        ]
        #expect(received.printed == digests.joined(separator: " "))
    }

    @Test func sixtyFourMebibytesEachWayWithAClient() async throws {
        let sent = scrambled(Self.exchangedCount)
        let received = try await served(
            to: """
                \(Self.exchange)
                async def main():
                    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
                    await exchange(reader, writer)
                    writer.close()
                """
        ) { stream in try await Self.exchange(sent, on: stream) }
        let bytes = try #require(received.results.first)
        let digests = [
            try await ForeignProgram.digest(of: bytes), try await ForeignProgram.digest(of: sent),
        ]
        #expect(received.printed == digests.joined(separator: " "))
    }
}

/// What handlers came to.
private actor Results<Value: Sendable> {
    private(set) var all: [Value] = []
    func add(_ value: Value) { all.append(value) }
}
