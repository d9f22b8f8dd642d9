// Salesforce
