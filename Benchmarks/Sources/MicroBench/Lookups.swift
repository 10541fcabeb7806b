import CUV
import Glibc
import UVLoop

/// Look-ups of numeric addresses, one after the other: nobody outside is asked, so that the cost is
/// the library's, the thread pool's and the C library's.
enum Lookups {
    private static let count = 20_000

    /// - Parameter host: `127.0.0.1`, which needs no thread, or another way to write it.
    static func ours(_ host: String) throws -> Double {
        try EventLoop.run { loop in
            let start = processCPUTime()
            for _ in 0..<count {
                let addresses = try await loop.lookUp(host, service: "80")
                precondition(addresses.count == 1)
            }
            return (processCPUTime() - start) / Double(count)
        }
    }

    static func inC(_ host: String) -> Double {
        let loop = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
        uv_loop_init(loop)
        let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
        var hints = addrinfo()
        hints.ai_socktype = cuv_stream_type
        let result = cost(of: count) {
            for _ in 0..<count {
                let result = uv_getaddrinfo(
                    loop, request,
                    { _, status, list in
                        precondition(status == 0)
                        uv_freeaddrinfo(list)
                    }, host, "80", &hints)
                precondition(result == 0)
                uv_run(loop, UV_RUN_DEFAULT)
            }
        }
        uv_loop_close(loop)
        request.deallocate()
        loop.deallocate()
        return result
    }
}
