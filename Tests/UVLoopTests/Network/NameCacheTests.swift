import CUV
import Testing

@testable import UVLoop

/// The cache as a value, and the loop that has one.
@Suite struct NameCacheTests {
    private static func answer(_ port: Int) throws -> NameAnswer {
        NameAnswer([try SocketAddress(ip: "127.0.0.1", port: port)])
    }

    private static func time(_ seconds: Double) -> EventLoop.Instant {
        EventLoop.Instant(nanoseconds: 1_000_000_000).advanced(by: .seconds(seconds))
    }

    @Test func answersLiveForTheirTime() throws {
        var cache = NameCache(NameCacheLimits(timeToLive: .seconds(10)))
        let query = NameQuery("a")
        #expect(cache.answer(to: query, at: Self.time(0)) == nil)
        cache.store(try Self.answer(1), for: query, at: Self.time(0))
        #expect(cache.answer(to: query, at: Self.time(9.9)) == (try Self.answer(1)))
        #expect(cache.answer(to: query, at: Self.time(10)) == nil)
        #expect(cache.count == 0)
    }

    @Test func aNewAnswerLivesAnew() throws {
        var cache = NameCache(NameCacheLimits(timeToLive: .seconds(10)))
        let query = NameQuery("a")
        cache.store(try Self.answer(1), for: query, at: Self.time(0))
        cache.store(try Self.answer(2), for: query, at: Self.time(5))
        #expect(cache.answer(to: query, at: Self.time(14)) == (try Self.answer(2)))
        #expect(cache.count == 1)
    }

    @Test func questionsAreTheirOwn() throws {
        var cache = NameCache(NameCacheLimits(timeToLive: .seconds(10)))
        let queries = [
            NameQuery("a"), NameQuery("a", "http", .any, []), NameQuery("a", nil, .ipv4, []),
            NameQuery("a", nil, .any, .datagrams), NameQuery("b"),
        ]
        for (number, query) in queries.enumerated() {
            cache.store(try Self.answer(number), for: query, at: Self.time(0))
        }
        for (number, query) in queries.enumerated() {
            #expect(cache.answer(to: query, at: Self.time(1)) == (try Self.answer(number)))
        }
        cache.forget(queries[0])
        #expect(cache.answer(to: queries[0], at: Self.time(1)) == nil && cache.count == 4)
    }

    @Test func theOldestGoes() throws {
        var cache = NameCache(NameCacheLimits(timeToLive: .seconds(100), entries: 3))
        for number in 0..<10 {
            cache.store(
                try Self.answer(number), for: NameQuery("\(number)"), at: Self.time(Double(number)))
        }
        #expect(cache.count == 3)
        let kept = (0..<10).filter {
            cache.answer(to: NameQuery("\($0)"), at: Self.time(10)) != nil
        }
        #expect(kept == [7, 8, 9])
        cache.limits.entries = 1
        #expect(cache.count == 1)
        #expect(cache.answer(to: NameQuery("9"), at: Self.time(10)) != nil)
        cache.limits.timeToLive = .milliseconds(1)
        #expect(cache.answer(to: NameQuery("9"), at: Self.time(10)) == nil)
    }

    @Test(arguments: [
        NameCacheLimits(timeToLive: .zero), NameCacheLimits(timeToLive: .seconds(-1)),
        NameCacheLimits(timeToLive: .seconds(1), entries: 0),
        NameCacheLimits(timeToLive: .seconds(1), entries: -1),
    ])
    func limitsThatKeepNothing(_ limits: NameCacheLimits) throws {
        var cache = NameCache(limits)
        cache.store(try Self.answer(1), for: NameQuery("a"))
        #expect(cache.count == 0)
    }

    @Test func offAtFirst() async throws {
        try await onLoop { loop in
            #expect(loop.nameCacheLimits == nil)
            _ = try await loop.lookUp("localhost")
            #expect(loop.core.nameCache == nil)
        }
    }

    @Test func whatIsKnownIsNotAskedFor() async throws {
        try await onLoop { loop in
            let limits = NameCacheLimits(timeToLive: .seconds(1_000))
            loop.nameCacheLimits = limits
            #expect(loop.nameCacheLimits == limits)
            let first = try await loop.lookUp("localhost")
            #expect(loop.core.nameCache?.count == 1)
            // Something that only the cache can say.
            let planted = NameAnswer([try SocketAddress(ip: "127.0.0.99", port: 0)])
            loop.core.nameCache?.store(planted, for: NameQuery("localhost"))
            #expect(try await loop.lookUp("localhost") == planted.addresses)
            var answer: Result<[SocketAddress], EndpointError>?
            loop.lookUp("localhost") { answer = $0 }
            await turns(loop, for: .milliseconds(1))
            #expect(answer == .success(planted.addresses))
            loop.clearNameCache()
            #expect(try await loop.lookUp("localhost") == first)
            loop.nameCacheLimits = nil
            #expect(loop.core.nameCache == nil)
        }
    }

    @Test func errorsAreNotKept() async throws {
        try await onLoop { loop in
            loop.nameCacheLimits = NameCacheLimits(timeToLive: .seconds(1_000))
            await #expect(throws: EndpointError.self) {
                try await loop.lookUp("localhost", flags: .numericHost)
            }
            // Nor what nobody has to be asked for.
            _ = try await loop.lookUp("127.0.0.1")
            #expect(loop.core.nameCache?.count == 0)
        }
    }

    /// Connecting, listening and datagrams ask the cache, and fill it.
    @Test func endpointsUseIt() async throws {
        try await onLoop { loop in
            loop.nameCacheLimits = NameCacheLimits(timeToLive: .seconds(1_000))
            let machine = NameAnswer([try SocketAddress(ip: "127.0.0.1", port: 0)])
            let name = "known.invalid"
            loop.core.nameCache?.store(machine, for: NameQuery(name))
            loop.core.nameCache?.store(
                machine, for: NameQuery(name, socketType: cuv_datagram_type))
            let listener = try await loop.listen(on: .host(name, port: 0))
            let port = listener.addresses[0].port
            let stream = try await loop.connect(to: .host(name, port: port))
            #expect(stream.remoteAddress == (try SocketAddress(ip: "127.0.0.1", port: port)))
            stream.abort()
            let socket = try await loop.datagramSocket(boundTo: .host(name, port: 0))
            #expect(socket.localAddress.host == "127.0.0.1")
            try await socket.close()
            // The same question as another one's before.
            let known = loop.core.nameCache!.count
            try await loop.connect(to: .host("localhost", port: port)).abort()
            #expect(loop.core.nameCache!.count == known + 1)
            await listener.close()
            // What leads nowhere is forgotten.
            let deaf = try RawSocket.bound()
            defer { deaf.close() }
            let deafPort = deaf.localAddress.port
            await #expect(throws: EndpointError.self) {
                try await loop.connect(to: .host(name, port: deafPort))
            }
            #expect(loop.core.nameCache?.answer(to: NameQuery(name)) == nil)
        }
    }
}
