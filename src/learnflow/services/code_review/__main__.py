from learnflow.kit.serve import main

main("code-review")
