import Testing
import UVLoop

// The code of the article on names and the system, as in Snippets.swift.

@Suite struct SystemSnippets {
    @Test func lookingUp() throws {
        let name = try EventLoop.run { loop in
            let addresses = try await loop.lookUp("localhost", service: "https", family: .ipv4)
            let name = try await loop.lookUpName(of: addresses[0])
            return name
        }
        #expect(name == HostName(host: "localhost", service: "https"))
    }

    @Test func unknownNames() throws {
        try EventLoop.run { loop in
            let host = "localhost\0"
            do {
                _ = try await loop.lookUp(host)
            } catch let error as EndpointError where error.code == .unknownHost {
                print("there is no \(host)")
            }
        }
    }

    @Test func remembering() throws {
        try EventLoop.run { loop in
            loop.nameCacheLimits = NameCacheLimits(timeToLive: .seconds(30), entries: 100)
            #expect(loop.nameCacheLimits?.entries == 100)
        }
    }

    @Test func measuring() throws {
        func work() async throws { try await EventLoop.current?.sleep(for: .milliseconds(1)) }
        try EventLoop.run { loop in
            loop.startMeasuring()
            try await work()
            let metrics = loop.metrics
            print("\(metrics.callbacks) callbacks in \(metrics.turns!) turns")
            print("idle for \(metrics.idleTime!), late by \(metrics.longestLag!) at most")
        }
    }

    @Test func asking() throws {
        let use = try CurrentProcess.resourceUse
        print("\(use.userTime + use.systemTime) of CPU, \(use.peakResidentMemory) bytes at most")
        print("\(SystemInfo.availableParallelism) threads at a time on \(try SystemInfo.hostName)")
        for entry in try SystemInfo.interfaceAddresses where !entry.isInternal {
            print("\(entry.name): \(entry.address.host)")
        }
    }
}
