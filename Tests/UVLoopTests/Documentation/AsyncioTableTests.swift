import Testing

/// The article "Coming from asyncio" names every method of asyncio's loop, servers, transports,
/// protocols and streams, as this machine's Python has them, and nothing of ours that is not there.
@Suite struct AsyncioTableTests {
    private static let article = "Sources/UVLoop/UVLoop.docc/ComingFromAsyncio.md"

    /// Prints its version, the methods, and what else may be named: functions and parameters.
    private static let script = """
        import asyncio, inspect, sys
        classes = [
            asyncio.AbstractEventLoop, asyncio.AbstractServer, asyncio.BaseTransport,
            asyncio.ReadTransport, asyncio.WriteTransport, asyncio.Transport,
            asyncio.DatagramTransport, asyncio.SubprocessTransport, asyncio.BaseProtocol,
            asyncio.Protocol, asyncio.BufferedProtocol, asyncio.DatagramProtocol,
            asyncio.SubprocessProtocol, asyncio.StreamReader, asyncio.StreamWriter,
        ]
        methods = {name for one in classes for name in dir(one) if not name.startswith("_")}
        others = set(dir(asyncio)) | {
            name for function in [getattr(one, name) for one in classes for name in methods
                                  if callable(getattr(one, name, None))]
            + [asyncio.run, asyncio.timeout, asyncio.Handle.cancel, asyncio.Task.cancel]
            for name in inspect.signature(function).parameters}
        others |= set(dir(asyncio.AbstractEventLoop)) | set(dir(asyncio.Handle))
        others |= set(dir(asyncio.TimerHandle)) | set(dir(asyncio.Server))
        others |= set(dir(asyncio.BaseEventLoop)) | {"asyncio", "slow_callback_duration"}
        print(sys.version_info[0] * 100 + sys.version_info[1])
        print(*sorted(methods))
        print(*sorted(others))
        """

    /// The Python that the table was written for. What came later is nobody's fault.
    private static let newest = 313
    /// What came with that or shortly before, so that older ones do not have it.
    private static let newer: Set = ["close_clients", "abort_clients", "timeout", "timeout_at"]

    private static func tableNames() throws -> Set<String> {
        let code = try ArticleTables(article).rows.flatMap { ArticleTables.code(in: $0[0]) }
        return Set(
            code.flatMap { $0.split { $0 == "." } }.map {
                String($0.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
            })
    }

    @Test func everyMethodIsThere() async throws {
        let lines = try await ForeignProgram(python: Self.script).textToEnd()
            .split(separator: "\n")
        try #require(lines.count == 3)
        let methods = Set(lines[1].split(separator: " ").map(String.init))
        #expect(methods.count > 80)
        let table = try Self.tableNames()
        if try #require(Int(lines[0])) <= Self.newest {
            for name in methods.subtracting(table).sorted() {
                Issue.record("\(name) is not in \(Self.article)")
            }
        }
        let known = methods.union(lines[2].split(separator: " ").map(String.init))
        for name in table.subtracting(known).subtracting(Self.newer).sorted() {
            Issue.record("\(Self.article) has \(name), which asyncio has not")
        }
    }

    @Test func ourNamesAreThere() throws {
        let declarations = try Declarations(below: "Sources/UVLoop")
        let names = try ArticleTables(Self.article).ourNames
        #expect(names.count > 60)
        for name in Set(names).sorted() where !declarations.contain(name) {
            Issue.record("\(Self.article) names \(name), which is not in the sources")
        }
    }
}
