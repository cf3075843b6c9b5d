from learnflow.kit.serve import main

main("course-agent")
