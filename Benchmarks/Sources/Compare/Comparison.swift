import Report

/// The runs: in each round every workload, in each workload every server.
struct Comparison {
    private let plan: Plan
    private let participants: [Participant]
    private let verifies: Bool
    private let pinning: ProcessorPinning
    private var results: Results
    private var progress: Progress

    init(_ arguments: Arguments) throws(Failure) {
        _ = try SiblingPrograms.path(of: "LoadGenerator")
        let named = arguments.servers ?? arguments.preset.servers
        var missing: [(String, String)] = []
        var present: [Participant] = []
        for name in named {
            // A wrong name is the user's mistake; what the machine lacks is left out.
            _ = try Participant.split(name)
            do throws(Failure) {
                present.append(try Participant(name))
            } catch {
                Progress.say("without \(name): \(error.message)")
                missing.append((name, error.message))
            }
        }
        guard !present.isEmpty else { throw Failure(message: "no server to measure") }
        participants = present
        plan = try Plan(arguments, servers: present.map(\.name))
        verifies = arguments.verifies
        pinning = ProcessorPinning(sharesCores: plan.sharesCores)
        results = Results(
            title: plan.title, command: arguments.command, date: Clock.date,
            machine: Machine.current, rounds: plan.rounds, seconds: plan.seconds,
            verified: verifies, servers: plan.servers, workloads: plan.workloads.map(\.load))
        for (name, reason) in missing { results.drop(name, in: nil, because: reason) }
        progress = Progress(plan)
    }

    /// What `Peers/setup` could get for servers that are asked for.
    static func missing(_ arguments: Arguments) throws(Failure) -> [String] {
        guard arguments.source == nil else { return [] }
        var names: [String] = []
        for server in arguments.servers ?? arguments.preset.servers {
            let program = try Participant.split(server).0.program
            guard let name = program.setupName, !names.contains(name) else { continue }
            if (try? program.command()) == nil { names.append(name) }
        }
        return names
    }

    mutating func run() -> Results {
        progress.begin()
        for round in 1...plan.rounds {
            // Whatever the second runner gains or loses by its place, it has in every other round.
            let order = round.isMultiple(of: 2) ? participants.reversed() : participants
            for workload in plan.workloads where round <= workload.rounds(of: plan.rounds) {
                for participant in order {
                    run(workload, participant, round: round)
                }
            }
        }
        progress.end()
        return results
    }

    private mutating func run(_ workload: Workload, _ participant: Participant, round: Int) {
        guard !results.hasDropped(participant.name, in: workload.name) else {
            return progress.skip(workload)
        }
        do throws(Failure) {
            let measurement = try measure(workload, participant)
            results.add(measurement, workload: workload.name, server: participant.name)
            progress.step(workload, participant, round: round, measurement)
        } catch {
            // The others still have something to say; this one has nothing more in this workload.
            LiveChildren.endAll()
            results.drop(participant.name, in: workload.name, because: error.message)
            progress.fail(workload, participant, error)
        }
    }

    private func measure(
        _ workload: Workload, _ participant: Participant
    ) throws(Failure) -> Sample {
        let server = try RunningServer(participant, mode: workload.serverMode, pinning: pinning)
        let load = LoadRun(
            workload: workload, server: server, seconds: plan.seconds,
            workers: plan.sharesCores ? Participant.cores : 1, verifies: verifies)
        let measurement = try load.measure(pinning: pinning)
        try server.stop()
        return measurement
    }
}
