import CUV
import Foundation
import Synchronization
import UVLoop
import UVLoopFoundation

/// What a program does in the same way however the default loop was replaced: each check prints its
/// name when it holds; the first that does not ends the program with an error.
///
/// A library, because one program for each form of `main` calls it.
public struct Checks: Sendable {
    let mode: InstallMode

    /// The checks for a program that has installed, or is going to install, the loop so.
    public init(_ mode: InstallMode) {
        self.mode = mode
        // Nothing here takes long; a hang is an error.
        alarm(50)
    }

    /// The mode that the program's first argument names.
    public static var wantedMode: InstallMode {
        CommandLine.arguments.dropFirst().first == "mainOnly" ? .mainOnly : .single
    }

    /// Whether the program's arguments ask for the run loop of the main thread, too.
    static var wantsRunLoop: Bool { CommandLine.arguments.contains("runLoop") }

    /// Replaces the default loop as the program's arguments say.
    public static func install() throws {
        if wantsRunLoop {
            try EventLoop.installWithRunLoop(wantedMode)
        } else {
            try EventLoop.install(wantedMode)
        }
    }

    /// Makes all checks; ends the program at the first that does not hold.
    @MainActor
    public func run() async throws {
        for (name, check) in Self.wantsRunLoop ? all + runLoopChecks : all {
            do {
                try await check()
            } catch {
                say("failed: \(name): \(error)")
                exit(1)
            }
            say("ok: \(name)")
        }
        say("all checks passed")
    }

    @MainActor
    private var all: [(String, @MainActor () async throws -> Void)] {
        [
            ("main actor", mainActor), ("global executor", globalExecutor),
            ("callbacks are on the main actor", callbacks), ("pinned actor", pinnedActor),
            ("isolated deinit", isolatedDeinit), ("priorities", priorities),
            ("task locals", taskLocals), ("async let", asyncLet), ("task group", taskGroup),
            ("async stream", asyncStream), ("yield", yields), ("sleeps", sleeps),
            ("sleeps in order", sleepsInOrder), ("cancelled sleep", cancelledSleep),
            ("cancellation", cancellation), ("releases", releases), ("sockets", sockets),
            ("other loop", otherLoop),
            ("URLSession", urlSession),
            ("dispatch main queue", dispatchMainQueue), ("operation queue", operationQueue),
            ("process", process),
        ]
    }
}

struct CheckError: Error, CustomStringConvertible {
    let description: String
}

func require(
    _ condition: Bool, _ what: @autoclosure () -> String = "", line: Int = #line
) throws {
    if !condition { throw CheckError(description: "line \(line) \(what())") }
}

/// Whether the calling thread is the process's first.
func isOnMainThread() -> Bool { cuv_is_main_thread() }

/// Writes a line at once, whatever happens next.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}
